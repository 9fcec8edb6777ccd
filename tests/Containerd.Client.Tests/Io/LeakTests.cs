using Xunit;

namespace Containerd.Client.Tests.Io;

/// <summary>Counts what the whole process holds, so no other test may run beside it.</summary>
[CollectionDefinition(nameof(AloneInTheProcess), DisableParallelization = true)]
public sealed class AloneInTheProcess;

[Collection(nameof(AloneInTheProcess))]
public sealed class LeakTests : IDisposable
{
    private readonly FifoRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Two_thousand_processes_leave_no_thread_no_descriptor_and_no_FIFO()
    {
        for (var i = 0; i < 10; i++)
            await RunOneAsync();
        var before = Held();

        for (var i = 0; i < 2000; i++)
            await RunOneAsync();

        Assert.Equal(before, Held());
        Assert.Empty(Directory.GetFileSystemEntries(_rig.FifoRoot));
    }

    [Fact]
    public async Task A_hundred_sessions_that_end_leave_no_thread_and_no_descriptor()
    {
        var before = Held();
        for (var i = 0; i < 100; i++)
        {
            var rig = new FifoRig();
            var io = rig.Create();
            rig.Dispose();
            await io.DisposeAsync();
        }
        Assert.Equal(before, Held());
    }

    private static (int Pollers, int Polls, int Pipes) Held()
    {
        var pollers = Directory.GetDirectories("/proc/self/task").Count(task => File.ReadAllText($"{task}/comm").StartsWith("containerd FIFO", StringComparison.Ordinal));
        var targets = Directory.GetFiles("/proc/self/fd").Select(fd => new FileInfo(fd).LinkTarget ?? "").ToList();
        return (pollers, targets.Count(t => t.Contains("eventpoll", StringComparison.Ordinal) || t.Contains("eventfd", StringComparison.Ordinal)),
            targets.Count(t => t.Contains("ctr-io-", StringComparison.Ordinal)));
    }

    private async Task RunOneAsync()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        FifoRig.WriteAndFinish(io.Paths.Stdout, "out");
        FifoRig.WriteAndFinish(io.Paths.Stderr, "err");
        using (FifoRig.Reader(io.Paths.Stdin))
        {
            io.Connected();
            await io.CloseStdinAsync();
        }

        Assert.False((await io.DrainAsync(FifoRig.Soon)).OutputStillOpen);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Containerd.Client.Io;
using Xunit;

namespace Containerd.Client.Tests.Io;

public sealed class FifoPollerTests : IDisposable
{
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(300);

    private readonly FifoRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Sixty_four_MiB_come_through_a_FIFO_unchanged()
    {
        var source = Path.Combine(_rig.Root, "source");
        var sent = new byte[64 * 1024 * 1024];
        Random.Shared.NextBytes(sent);
        await File.WriteAllBytesAsync(source, sent);
        using var got = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var io = _rig.Create(o => o with
        {
            StderrSink = null,
            StdoutSink = new CallbackSink((bytes, _) =>
            {
                got.AppendData(bytes.Span);
                return default;
            }),
        });

        using var dd = FifoRig.Shell($"exec dd if={source} of={io.Paths.Stdout} bs=100k 2>/dev/null");
        var result = await io.DrainAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(new DrainResult(false, sent.Length, 0), result);
        Assert.Equal(SHA256.HashData(sent), got.GetHashAndReset());
    }

    [Fact]
    public async Task Sixty_four_MiB_through_a_sink_that_pends_each_time_come_in_order()
    {
        var source = Path.Combine(_rig.Root, "source");
        var sent = new byte[64 * 1024 * 1024];
        Random.Shared.NextBytes(sent);
        await File.WriteAllBytesAsync(source, sent);
        var target = Path.Combine(_rig.Root, "target");
        using (var file = FileSink.Open(target))
        {
            await using var io = _rig.Create(o => o with { StderrSink = null, StdoutSink = file });
            using var dd = FifoRig.Shell($"exec dd if={source} of={io.Paths.Stdout} bs=1M 2>/dev/null");
            await io.DrainAsync(TimeSpan.FromSeconds(30));
        }
        var got = await File.ReadAllBytesAsync(target);
        Assert.True(sent.AsSpan().SequenceEqual(got));
    }

    [Fact]
    public async Task A_slow_consumer_slows_the_process_instead_of_filling_memory()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var calls = 0;
        await using var io = _rig.Create(o => o with
        {
            StderrSink = null,
            StdoutSink = new CallbackSink(async (_, _) =>
            {
                Interlocked.Increment(ref calls);
                await gate.Task;
            }),
        });
        using var writer = FifoRig.Writer(io.Paths.Stdout);
        var written = 0L;
        var writing = Task.Run(() =>
        {
            for (; written < 32 * 1024 * 1024; written += 65536)
                writer.Write(new byte[65536]);
            writer.Dispose();
        });

        // One delivery and one pipe full are all that is ever in flight.
        await Assert.ThrowsAsync<System.TimeoutException>(() => writing.WaitAsync(s_grace));
        Assert.Equal(1, calls);
        Assert.InRange(Interlocked.Read(ref written), 1, 2 * 1024 * 1024);

        gate.SetResult();
        await writing.WaitAsync(FifoRig.Soon);
        Assert.Equal(32 * 1024 * 1024, (await io.DrainAsync(s_grace)).StdoutBytes);
    }

    [Fact]
    public async Task A_sink_that_takes_its_time_costs_the_poller_none()
    {
        using var poller = new FifoPoller("ctr-quiet");
        await using var io = ProcessIo.Create(poller, new ProcessIoOptions
        {
            Id = "web",
            Directory = _rig.FifoRoot,
            StdoutSink = new CallbackSink((_, token) => new ValueTask(Task.Delay(Timeout.Infinite, token))),
            StderrSink = new CallbackSink((_, token) => new ValueTask(Task.Delay(Timeout.Infinite, token))),
        });
        // One stream has more to read, the other has hung up: epoll would tell of either for ever.
        using var writer = FifoRig.Writer(io.Paths.Stdout);
        writer.Write("x"u8);
        FifoRig.WriteAndFinish(io.Paths.Stderr, "x");
        await Task.Delay(s_grace);
        writer.Write("y"u8);

        var before = ProcessorTicks("ctr-quiet");
        await Task.Delay(s_grace);
        // 100 ticks a second.
        Assert.InRange(ProcessorTicks("ctr-quiet") - before, 0, 3);
    }

    [Fact]
    public async Task A_sink_that_hangs_or_throws_leaves_the_other_streams_alone()
    {
        var hangs = _rig.Create(o => o with { StdoutSink = new CallbackSink((_, token) => new ValueTask(Task.Delay(Timeout.Infinite, token))), StderrSink = null });
        var throws = _rig.Create(o => o with { StdoutSink = new CallbackSink((_, _) => throw new InvalidDataException()), StderrSink = null });
        FifoRig.WriteAndFinish(hangs.Paths.Stdout, "x");
        FifoRig.WriteAndFinish(throws.Paths.Stdout, "x");
        await Assert.ThrowsAsync<InvalidDataException>(() => throws.StdoutCompletion);

        await using var io = _rig.Create();
        FifoRig.WriteAndFinish(io.Paths.Stdout, "fine");
        FifoRig.Finish(io.Paths.Stderr);
        Assert.Equal(4, (await io.DrainAsync(s_grace)).StdoutBytes);

        Assert.False(hangs.StdoutCompletion.IsCompleted);
        await hangs.DisposeAsync();
        await throws.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_in_the_hands_of_a_sink_stay_what_they_are_while_other_streams_are_read()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var got = new List<string>();
        await using var slow = _rig.Create(o => o with
        {
            StderrSink = null,
            StdoutSink = new CallbackSink(async (bytes, _) =>
            {
                entered.SetResult();
                await gate.Task;
                got.Add(Encoding.UTF8.GetString(bytes.Span));
            }),
        });
        FifoRig.WriteAndFinish(slow.Paths.Stdout, "mine, and mine alone");
        await entered.Task.WaitAsync(FifoRig.Soon);

        await using var other = _rig.Create(o => o with { StderrSink = null });
        FifoRig.WriteAndFinish(other.Paths.Stdout, new string('x', 100_000));
        await other.DrainAsync(FifoRig.Soon);
        gate.SetResult();
        await slow.DrainAsync(FifoRig.Soon);

        Assert.Equal(["mine, and mine alone"], got);
    }

    [Fact]
    public async Task T10_Bytes_that_the_poller_had_no_time_for_yet_are_no_silence_of_the_process()
    {
        using var release = new ManualResetEventSlim();
        var entered = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var blocks = _rig.Create(o => o with
        {
            StderrSink = null,
            StdoutSink = new CallbackSink((_, _) =>
            {
                entered.SetResult();
                release.Wait();
                return default;
            }),
        });
        FifoRig.WriteAndFinish(blocks.Paths.Stdout, "x");
        await entered.Task.WaitAsync(FifoRig.Soon);
        await using var io = _rig.Create(o => o with { StderrSink = null });
        FifoRig.WriteAndFinish(io.Paths.Stdout, "waits in the pipe");

        var draining = io.DrainAsync(TimeSpan.FromMilliseconds(20));
        var early = await Task.WhenAny(draining, Task.Delay(s_grace));
        release.Set();

        Assert.NotSame(draining, early);
        Assert.Equal(new DrainResult(false, 17, 0), await draining);
    }

    [Fact]
    public async Task One_thread_serves_two_hundred_processes_at_once()
    {
        var threads = new HashSet<int>();
        var all = Enumerable.Range(0, 200).Select(i =>
        {
            var sink = new CallbackSink((_, _) =>
            {
                lock (threads)
                    threads.Add(Environment.CurrentManagedThreadId);
                return default;
            });
            return _rig.Create(o => o with { Id = $"c{i}", StdoutSink = sink });
        }).ToList();

        Parallel.ForEach(all, io =>
        {
            using (var writer = FifoRig.Writer(io.Paths.Stdout))
                for (var i = 0; i < 100; i++)
                    writer.Write("some output\n"u8);
            FifoRig.Finish(io.Paths.Stderr);
        });

        foreach (var io in all)
        {
            Assert.Equal(new DrainResult(false, 1200, 0), await io.DrainAsync(FifoRig.Soon));
            await io.DisposeAsync();
        }
        Assert.Single(threads);
        Assert.Equal(0, _rig.Poller.Count);
    }

    [Fact]
    public async Task Ending_the_session_ends_what_is_attached_within_milliseconds()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        var draining = io.DrainAsync(Timeout.InfiniteTimeSpan);
        var writing = io.WriteStdinAsync(new byte[5_000_000]).AsTask();

        var watch = Stopwatch.StartNew();
        _rig.Poller.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => draining);
        Assert.False(await writing);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 500);

        Assert.Throws<ObjectDisposedException>(() => _rig.Create());
    }

    [Fact]
    public async Task A_sink_may_end_the_session_it_runs_in()
    {
        var poller = new FifoPoller("ended by sink");
        var options = new ProcessIoOptions
        {
            Id = "web",
            Directory = _rig.FifoRoot,
            StdoutSink = new CallbackSink((_, _) =>
            {
                poller.Dispose();
                return default;
            }),
        };
        await using var io = ProcessIo.Create(poller, options);
        FifoRig.WriteAndFinish(io.Paths.Stdout, "x");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => io.StdoutCompletion.WaitAsync(FifoRig.Soon));
    }

    [Fact]
    public void A_stream_that_can_not_be_opened_leaves_nothing_behind()
    {
        _rig.Poller.Dispose();
        Assert.Throws<ObjectDisposedException>(() => _rig.Create(o => o with { Stdin = true }));
        Assert.Empty(Directory.GetFileSystemEntries(_rig.FifoRoot));
    }

    private static long ProcessorTicks(string thread)
    {
        var task = Directory.GetDirectories("/proc/self/task").Single(task => File.ReadAllText($"{task}/comm").TrimEnd() == thread);
        var fields = File.ReadAllText($"{task}/stat").Split(')')[^1].Split(' ');
        return long.Parse(fields[12], CultureInfo.InvariantCulture) + long.Parse(fields[13], CultureInfo.InvariantCulture);
    }
}

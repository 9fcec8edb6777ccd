using System.IO.Pipes;
using Containerd.Client.Io;
using Xunit;

namespace Containerd.Client.Tests.Io;

/// <summary>On Linux .NET's named pipes are sockets: what is the same there is tested here, not the pipes of Windows themselves.</summary>
public sealed class NamedPipeIoTests
{
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(300);

    private readonly BufferSink _out = new();
    private readonly BufferSink _err = new();

    [Fact]
    public async Task T31_Pipe_names_are_never_the_same_again_for_the_same_id()
    {
        await using var one = Listen();
        await using var two = Listen();
        Assert.NotEqual(one.Paths.Stdout, two.Paths.Stdout);
        Assert.StartsWith(@"\\.\pipe\ctr-", one.Paths.Stdout, StringComparison.Ordinal);
        Assert.EndsWith("-stdout", one.Paths.Stdout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Output_arrives_and_ends_when_the_shim_closes()
    {
        await using var io = Listen();
        await using (var stdout = await ConnectAsync(io.Paths.Stdout))
            await stdout.WriteAsync("hello"u8.ToArray());
        await using (var stderr = await ConnectAsync(io.Paths.Stderr))
            await stderr.WriteAsync("oops"u8.ToArray());

        Assert.Equal(new DrainResult(false, 5, 4), await io.DrainAsync(FifoRig.Soon));
        Assert.Equal("hello", _out.GetText());
        Assert.Equal("oops", _err.GetText());
    }

    [Fact]
    public async Task Stdin_waits_for_the_shim_and_ends_when_closed()
    {
        await using var io = Listen(stdin: true);
        var writing = io.WriteStdinAsync("typed"u8.ToArray()).AsTask();
        var closing = io.CloseStdinAsync().AsTask();
        await using var stdin = await ConnectAsync(io.Paths.Stdin);
        Assert.True(await writing.WaitAsync(FifoRig.Soon));
        await closing;
        Assert.Equal("typed", await new StreamReader(stdin).ReadToEndAsync().WaitAsync(FifoRig.Soon));
        Assert.False(await io.WriteStdinAsync(new byte[1]));
    }

    [Fact]
    public async Task Stdin_that_the_shim_has_closed_says_that_nobody_reads()
    {
        await using var io = Listen(stdin: true);
        (await ConnectAsync(io.Paths.Stdin)).Dispose();
        var heard = true;
        // The first bytes may still go into the pipe.
        for (var i = 0; i < 10 && heard; i++)
            heard = await io.WriteStdinAsync(new byte[1_000_000]).AsTask().WaitAsync(FifoRig.Soon);
        Assert.False(heard);
    }

    [Fact]
    public async Task T10_A_stream_that_stays_open_ends_after_the_grace()
    {
        await using var io = Listen();
        await using var stdout = await ConnectAsync(io.Paths.Stdout);
        await stdout.WriteAsync("x"u8.ToArray());
        Assert.Equal(new DrainResult(true, 1, 0), await io.DrainAsync(s_grace));
    }

    [Fact]
    public async Task A_shim_that_never_comes_holds_up_no_abort()
    {
        await using var io = Listen(stdin: true);
        var draining = io.DrainAsync(Timeout.InfiniteTimeSpan);
        var writing = io.WriteStdinAsync(new byte[1]).AsTask();
        io.Abort();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => draining.WaitAsync(FifoRig.Soon));
        Assert.False(await writing.WaitAsync(FifoRig.Soon));
    }

    [Fact]
    public async Task A_sink_that_throws_is_reported_and_the_stream_read_on()
    {
        await using var io = NamedPipeIo.Listen(new ProcessIoOptions { Id = "web", StdoutSink = new CallbackSink((_, _) => throw new InvalidDataException()) });
        await using (var stdout = await ConnectAsync(io.Paths.Stdout))
            await stdout.WriteAsync(new byte[3_000_000]).AsTask().WaitAsync(FifoRig.Soon);
        await Assert.ThrowsAsync<InvalidDataException>(() => io.DrainAsync(FifoRig.Soon));
    }

    [Fact]
    public async Task A_terminal_has_no_stderr_and_an_output_always()
    {
        await using var io = NamedPipeIo.Listen(new ProcessIoOptions { Id = "web", Terminal = true });
        Assert.True(io.Paths is { Stdin: "", Stderr: "", Stdout.Length: > 0, Terminal: true });
    }

    private NamedPipeIo Listen(bool stdin = false) =>
        NamedPipeIo.Listen(new ProcessIoOptions { Id = "web", Stdin = stdin, StdoutSink = _out, StderrSink = _err });

    private static async Task<NamedPipeClientStream> ConnectAsync(string path)
    {
        var client = new NamedPipeClientStream(".", path[@"\\.\pipe\".Length..], PipeDirection.InOut, PipeOptions.Asynchronous);
        await client.ConnectAsync(5000);
        return client;
    }
}

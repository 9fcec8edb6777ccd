using System.Diagnostics;
using Containerd.Client.Io;
using Containerd.Client.Native;
using Xunit;

namespace Containerd.Client.Tests.Io;

public sealed class ProcessIoTests : IDisposable
{
    private static readonly TimeSpan s_grace = TimeSpan.FromMilliseconds(300);

    private readonly FifoRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Output_of_both_streams_arrives_and_is_counted()
    {
        await using var io = _rig.Create();
        FifoRig.WriteAndFinish(io.Paths.Stdout, "hello\n");
        FifoRig.WriteAndFinish(io.Paths.Stderr, "oops");

        var result = await io.DrainAsync(s_grace);

        Assert.Equal(new DrainResult(OutputStillOpen: false, StdoutBytes: 6, StderrBytes: 4), result);
        Assert.Equal("hello\n", _rig.Out.GetText());
        Assert.Equal("oops", _rig.Err.GetText());
    }

    [Fact]
    public async Task T5_The_shims_open_for_writing_never_waits_for_us()
    {
        await using var io = _rig.Create();
        // Without a reader such an open fails at once with ENXIO, where the shim's would wait up to 30 s.
        using var stdout = FileDescriptor.Open(io.Paths.Stdout, LibC.O_WRONLY);
        using var stderr = FileDescriptor.Open(io.Paths.Stderr, LibC.O_WRONLY);
    }

    [Fact]
    public async Task T6_Before_the_first_writer_there_is_no_end_of_file()
    {
        await using var io = _rig.Create();

        await Assert.ThrowsAsync<System.TimeoutException>(() => io.StdoutCompletion.WaitAsync(s_grace));

        FifoRig.WriteAndFinish(io.Paths.Stdout, "late");
        await io.StdoutCompletion.WaitAsync(FifoRig.Soon);
        Assert.Equal("late", _rig.Out.GetText());
        Assert.False(io.StderrCompletion.IsCompleted);
    }

    [Fact]
    public async Task T7_An_output_nobody_wants_is_dev_null_beside_one_that_somebody_wants()
    {
        await using var onlyErr = _rig.Create(o => o with { StdoutSink = null });
        await using var onlyOut = _rig.Create(o => o with { StderrSink = null });
        await using var onlyIn = _rig.Create(o => o with { StdoutSink = null, StderrSink = null, Stdin = true });

        Assert.Equal("/dev/null", onlyErr.Paths.Stdout);
        Assert.EndsWith("/web-stderr", onlyErr.Paths.Stderr, StringComparison.Ordinal);
        Assert.Equal("/dev/null", onlyOut.Paths.Stderr);
        Assert.EndsWith("/web-stdin", onlyIn.Paths.Stdin, StringComparison.Ordinal);
        Assert.Equal(("/dev/null", "/dev/null"), (onlyIn.Paths.Stdout, onlyIn.Paths.Stderr));
    }

    [Fact]
    public async Task T7_With_no_stream_wanted_output_is_dev_null_and_nothing_is_made()
    {
        await using var io = _rig.Create(o => o with { StdoutSink = null, StderrSink = null });

        Assert.Equal(new StdioPaths("", "/dev/null", "/dev/null", Terminal: false), io.Paths);
        Assert.Equal(new DrainResult(false, 0, 0), await io.DrainAsync(TimeSpan.Zero));
        Assert.False(await io.WriteStdinAsync(new byte[1]));
        Assert.False(Directory.Exists(_rig.FifoRoot));
    }

    [Fact]
    public async Task A_terminal_has_an_output_always_and_a_stderr_never()
    {
        await using var io = _rig.Create(o => o with { Terminal = true, StderrSink = null });
        Assert.True(io.Paths is { Terminal: true, Stderr: "" });
        Assert.True(Fifo.Exists(io.Paths.Stdout));

        await using var unread = _rig.Create(o => o with { Terminal = true, StdoutSink = null, StderrSink = null });
        Assert.Equal(new StdioPaths("", "/dev/null", "", Terminal: true), unread.Paths);

        Assert.Throws<ArgumentException>(() => _rig.Create(o => o with { Terminal = true }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/b")]
    public void An_id_that_is_no_file_name_is_refused(string id) =>
        Assert.ThrowsAny<ArgumentException>(() => _rig.Create(o => o with { Id = id }));

    [Fact]
    public async Task T8_More_than_a_pipe_holds_flows_with_nobody_asking_for_it()
    {
        var few = new BufferSink(limit: 1000);
        await using var io = _rig.Create(o => o with { StdoutSink = few });
        using (var writer = FifoRig.Writer(io.Paths.Stdout))
            await Task.Run(() => writer.Write(new byte[3_000_000])).WaitAsync(FifoRig.Soon);
        FifoRig.Finish(io.Paths.Stderr);

        Assert.Equal(3_000_000, (await io.DrainAsync(s_grace)).StdoutBytes);
        Assert.Equal(1000, few.Length);
        Assert.True(few.Truncated);
    }

    [Fact]
    public async Task T9_A_slow_consumer_loses_nothing_at_exit()
    {
        var got = new MemoryStream();
        await using var io = _rig.Create(o => o with
        {
            StdoutSink = new CallbackSink(async (bytes, token) =>
            {
                await Task.Delay(400, token);
                got.Write(bytes.Span);
            }),
        });
        var sent = new byte[60 * 1024];
        Random.Shared.NextBytes(sent);
        using (var writer = FifoRig.Writer(io.Paths.Stdout))
            writer.Write(sent);
        FifoRig.Finish(io.Paths.Stderr);

        // A grace far shorter than what the sink takes: a busy sink is no idle stream.
        var result = await io.DrainAsync(TimeSpan.FromMilliseconds(50));

        Assert.False(result.OutputStillOpen);
        Assert.Equal(sent, got.ToArray());
    }

    [Fact]
    public async Task T10_A_background_child_holding_the_streams_does_not_hold_us()
    {
        await using var io = _rig.Create();
        // Both streams are a child's that outlives the process whose exit we know.
        using var process = FifoRig.Shell($"(echo before; echo mine >&2; exec sleep 60) >{io.Paths.Stdout} 2>{io.Paths.Stderr} & echo $!");
        var child = int.Parse(process.StandardOutput.ReadLine()!, System.Globalization.CultureInfo.InvariantCulture);
        await process.WaitForExitAsync();
        try
        {
            var watch = Stopwatch.StartNew();
            var result = await io.DrainAsync(s_grace);

            Assert.InRange(watch.Elapsed, s_grace - TimeSpan.FromMilliseconds(5), TimeSpan.FromSeconds(5));
            Assert.Equal(new DrainResult(OutputStillOpen: true, 7, 5), result);
            Assert.Equal("before\n", _rig.Out.GetText());
            Assert.True(io.StdoutCompletion.IsCompletedSuccessfully);
        }
        finally
        {
            Host.Signal(child, 9);
        }
    }

    [Fact]
    public async Task T10_The_grace_begins_anew_with_every_byte()
    {
        await using var io = _rig.Create(o => o with { StderrSink = null });
        using var process = FifoRig.Shell($"(for i in 1 2 3 4 5; do echo $i; sleep 0.2; done) >{io.Paths.Stdout}");

        // The writing goes on for twice the grace and there is end of file after it.
        var result = await io.DrainAsync(TimeSpan.FromMilliseconds(600));

        Assert.False(result.OutputStillOpen);
        Assert.Equal("1\n2\n3\n4\n5\n", _rig.Out.GetText());
    }

    [Fact]
    public async Task T11_Stdin_ends_once_our_end_and_the_shims_are_closed()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        using var stdin = FifoRig.Reader(io.Paths.Stdin);
        var shimsOwnEnd = FifoRig.Writer(io.Paths.Stdin);
        io.Connected();
        Assert.True(await io.WriteStdinAsync("typed\n"u8.ToArray()));
        await io.CloseStdinAsync();

        var buffer = new byte[100];
        Assert.Equal(6, stdin.Read(buffer));
        // Only the shim's end is still open, so only CloseIO is wanting.
        var end = Task.Run(() => stdin.Read(buffer));
        await Assert.ThrowsAsync<System.TimeoutException>(() => end.WaitAsync(s_grace));
        shimsOwnEnd.Dispose();
        Assert.Equal(0, await end.WaitAsync(FifoRig.Soon));
    }

    [Fact]
    public async Task T11_Closing_stdin_waits_for_the_writes_that_were_begun()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        using var stdin = FifoRig.Reader(io.Paths.Stdin);
        io.Connected();
        var sent = new byte[5_000_000];
        Random.Shared.NextBytes(sent);
        var writing = io.WriteStdinAsync(sent).AsTask();
        var closing = io.CloseStdinAsync().AsTask();
        Assert.False(closing.IsCompleted);

        var got = new MemoryStream();
        await Task.Run(() => stdin.CopyTo(got)).WaitAsync(FifoRig.Soon);

        Assert.True(await writing);
        await closing;
        Assert.Equal(sent, got.ToArray());
        Assert.False(await io.WriteStdinAsync(new byte[1]));
    }

    [Fact]
    public async Task Stdin_written_before_the_shim_has_opened_it_waits_in_the_pipe()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        Assert.True(await io.WriteStdinAsync("early"u8.ToArray()));
        using var stdin = FifoRig.Reader(io.Paths.Stdin);
        io.Connected();
        await io.CloseStdinAsync();
        Assert.Equal("early", await new StreamReader(stdin).ReadToEndAsync());
    }

    [Theory]
    [InlineData("late reader")]
    [InlineData("")]
    public async Task T11_a_shim_that_opens_stdin_only_after_it_has_answered_misses_nothing(string text)
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        io.Connected();
        var writing = io.WriteStdinAsync(System.Text.Encoding.UTF8.GetBytes(text)).AsTask();
        var closing = io.CloseStdinAsync().AsTask();
        await Assert.ThrowsAsync<System.TimeoutException>(() => closing.WaitAsync(s_grace));

        using var stdin = FifoRig.Reader(io.Paths.Stdin);

        Assert.True(await writing.WaitAsync(FifoRig.Soon));
        await closing.WaitAsync(FifoRig.Soon);
        Assert.Equal(text, await new StreamReader(stdin).ReadToEndAsync());
    }

    [Fact]
    public async Task Stdin_that_nobody_reads_any_more_says_so_instead_of_hanging()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        var stdin = FifoRig.Reader(io.Paths.Stdin);
        io.Connected();
        var writing = io.WriteStdinAsync(new byte[5_000_000]).AsTask();
        await Assert.ThrowsAsync<System.TimeoutException>(() => writing.WaitAsync(s_grace));

        stdin.Dispose();

        Assert.False(await writing.WaitAsync(FifoRig.Soon));
        Assert.False(await io.WriteStdinAsync(new byte[1]));
    }

    [Fact]
    public async Task A_drain_ends_stdin_and_the_writes_that_wait_there()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        var writing = io.WriteStdinAsync(new byte[5_000_000]).AsTask();
        FifoRig.Finish(io.Paths.Stdout);
        FifoRig.Finish(io.Paths.Stderr);
        await io.DrainAsync(s_grace);
        Assert.False(await writing.WaitAsync(FifoRig.Soon));
    }

    [Fact]
    public async Task A_write_to_stdin_that_waits_can_be_cancelled_within_milliseconds()
    {
        await using var io = _rig.Create(o => o with { Stdin = true });
        using var cancel = new CancellationTokenSource();
        var writing = io.WriteStdinAsync(new byte[5_000_000], cancel.Token).AsTask();
        Assert.False(writing.IsCompleted);

        var watch = Stopwatch.StartNew();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 500);
    }

    [Fact]
    public async Task Draining_can_be_cancelled_within_milliseconds_and_taken_up_again()
    {
        await using var io = _rig.Create();
        using var cancel = new CancellationTokenSource();
        var draining = io.DrainAsync(Timeout.InfiniteTimeSpan, cancel.Token);

        var watch = Stopwatch.StartNew();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => draining);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 500);

        FifoRig.WriteAndFinish(io.Paths.Stdout, "still read");
        FifoRig.Finish(io.Paths.Stderr);
        Assert.Equal(10, (await io.DrainAsync(s_grace)).StdoutBytes);
    }

    [Fact]
    public async Task An_abort_ends_drain_and_writes_at_once_and_cancels_the_sink()
    {
        var entered = new TaskCompletionSource<CancellationToken>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var io = _rig.Create(o => o with
        {
            Stdin = true,
            StdoutSink = new CallbackSink(async (_, token) =>
            {
                entered.SetResult(token);
                await Task.Delay(Timeout.Infinite, token);
            }),
        });
        using var stdin = FifoRig.Reader(io.Paths.Stdin);
        io.Connected();
        FifoRig.WriteAndFinish(io.Paths.Stdout, "x");
        var token = await entered.Task.WaitAsync(FifoRig.Soon);
        var draining = io.DrainAsync(Timeout.InfiniteTimeSpan);
        var writing = io.WriteStdinAsync(new byte[5_000_000]).AsTask();

        var watch = Stopwatch.StartNew();
        io.Abort();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => draining);
        Assert.False(await writing);
        Assert.InRange(watch.ElapsedMilliseconds, 0, 500);
        Assert.True(token.IsCancellationRequested);
        Assert.True(io.StdoutCompletion.IsCanceled);
    }

    [Fact]
    public async Task A_sink_that_throws_is_reported_at_once_and_at_the_end_and_the_process_goes_on()
    {
        var calls = 0;
        await using var io = _rig.Create(o => o with
        {
            StdoutSink = new CallbackSink((_, _) => ++calls == 1 ? throw new InvalidDataException("full") : default, _ => throw new InvalidOperationException()),
        });
        using (var writer = FifoRig.Writer(io.Paths.Stdout))
        {
            writer.Write("a"u8);
            await Assert.ThrowsAsync<InvalidDataException>(() => io.StdoutCompletion.WaitAsync(FifoRig.Soon));
            await Task.Run(() => writer.Write(new byte[3_000_000])).WaitAsync(FifoRig.Soon);
        }
        FifoRig.WriteAndFinish(io.Paths.Stderr, "fine");

        await Assert.ThrowsAsync<InvalidDataException>(() => io.DrainAsync(s_grace));
        Assert.Equal(1, calls);
        Assert.Equal("fine", _rig.Err.GetText());
    }

    [Fact]
    public async Task Two_sinks_that_throw_are_both_reported()
    {
        var late = new CallbackSink(async (_, _) =>
        {
            await Task.Yield();
            throw new InvalidDataException("late");
        });
        await using var io = _rig.Create(o => o with { StdoutSink = late, StderrSink = new CallbackSink((_, _) => default, _ => throw new InvalidDataException("at the end")) });
        FifoRig.WriteAndFinish(io.Paths.Stdout, "1");
        FifoRig.WriteAndFinish(io.Paths.Stderr, "2");

        var both = await Assert.ThrowsAsync<AggregateException>(() => io.DrainAsync(s_grace));
        Assert.Equal(["late", "at the end"], both.InnerExceptions.Select(e => e.Message));
    }

    [Fact]
    public async Task Disposing_removes_the_FIFOs_and_their_directory_and_may_be_repeated()
    {
        var io = _rig.Create(o => o with { Stdin = true });
        var directory = Path.GetDirectoryName(io.Paths.Stdout)!;
        Assert.Equal(3, Directory.GetFiles(directory).Length);

        await io.DisposeAsync();
        await io.DisposeAsync();
        io.Abort();

        Assert.False(Directory.Exists(directory));
        Assert.Equal(0, _rig.Poller.Count);
    }

    [Fact]
    public async Task Attaching_reads_and_writes_what_another_client_made_and_removes_nothing()
    {
        using var directory = FifoDirectory.Create(_rig.FifoRoot);
        var paths = new StdioPaths(directory.Add("web", "stdin"), directory.Add("web", "stdout"), directory.Add("web", "stderr"), Terminal: false);
        using var shim = new FileStream(paths.Stdout, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        using var stdin = new FileStream(paths.Stdin, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0);
        shim.Write("kept in the pipe"u8);

        await using (var io = ProcessIo.Attach(_rig.Poller, paths, new ProcessIoOptions { Id = "web", Stdin = true, StdoutSink = _rig.Out }))
        {
            Assert.True(await io.WriteStdinAsync("hi"u8.ToArray()));
            Assert.Equal(2, stdin.Read(new byte[10]));
            Assert.True((await io.DrainAsync(s_grace)).OutputStillOpen);
        }

        Assert.Equal("kept in the pipe", _rig.Out.GetText());
        Assert.True(Fifo.Exists(paths.Stdout));
    }

    [Fact]
    public async Task Attaching_to_a_process_that_has_ended_is_end_of_file_not_an_open_stream()
    {
        using var directory = FifoDirectory.Create(_rig.FifoRoot);
        var paths = new StdioPaths("", directory.Add("web", "stdout"), directory.Add("web", "stderr"), Terminal: false);

        await using var io = ProcessIo.Attach(_rig.Poller, paths, new ProcessIoOptions { Id = "web", StdoutSink = _rig.Out, StderrSink = _rig.Err });

        Assert.False((await io.DrainAsync(s_grace)).OutputStillOpen);
    }

    [Theory]
    [InlineData("/dev/null")]
    [InlineData("file:///var/log/web.log")]
    [InlineData("")]
    public void T28_Attaching_to_what_is_no_FIFO_says_where_the_stream_leads(string path)
    {
        var paths = new StdioPaths("", path, path, Terminal: false);
        var e = Assert.Throws<IOException>(() => ProcessIo.Attach(_rig.Poller, paths, new ProcessIoOptions { Id = "web", StdoutSink = _rig.Out }));
        Assert.Contains(path.Length == 0 ? "nowhere" : path, e.Message, StringComparison.Ordinal);
        Assert.Equal(0, _rig.Poller.Count);
    }
}

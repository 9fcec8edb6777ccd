using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Containerd.Client.Io;
using Containerd.Client.Oci;
using Containerd.Client.Tasks;
using Containerd.Testing;
using Xunit;
using WireTasks = Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tests.Tasks;

public abstract class ExecTests(ContainerdServer server) : TaskRig(server)
{
    private readonly BufferSink _out = new();
    private readonly BufferSink _err = new();

    [Fact]
    public async Task An_exec_gives_output_errors_and_exit_code_apart()
    {
        var id = await RunSleepAsync();

        var outcome = await ExecAsync(id, Shell("echo out; echo err >&2; exit 3"));

        Assert.Equal(("out\n", "err\n", 3), (_out.GetText(), _err.GetText(), outcome.Exit.Code));
        Assert.False(outcome.OutputStillOpen);
        Assert.InRange(outcome.Exit.ExitedAt!.Value, outcome.StartedAt.AddSeconds(-1), DateTimeOffset.UtcNow);
        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task It_runs_as_the_containers_own_process_does_but_for_what_is_said()
    {
        var image = await Server.ImportTestImageAsync(new TestImage
        {
            Name = "example.test/as-said:1",
            User = "app",
            WorkingDir = "/home/app",
            Env = ["PATH=/bin", "KEPT=kept", "CHANGED=no", "GONE=there"],
        });
        var id = NewId();
        await Server.CtrAsync("run", "--detach", "--null-io", image, id, "sleep", "600");

        await ExecAsync(id, Shell("id -u; pwd; echo $KEPT $CHANGED $GONE."));
        await ExecAsync(id, Shell("id -u; id -g; id -G; pwd; echo $KEPT $CHANGED $GONE.") with
        {
            User = "nobody:wheel",
            WorkingDirectory = "/tmp",
            Env = ["CHANGED=yes", "GONE"],
        });

        Assert.Equal("1000\n/home/app\nkept no there.\n65534\n10\n10\n/tmp\nkept yes .\n", _out.GetText());
    }

    [Fact]
    public async Task A_user_that_was_added_in_the_running_container_is_known()
    {
        var id = await RunSleepAsync();
        await ExecAsync(id, Shell("echo 'late:x:4711:4712::/:/bin/sh' >> /etc/passwd"));

        await ExecAsync(id, Shell("id -u; id -g") with { User = "late" });
        var error = await Assert.ThrowsAsync<InvalidArgumentException>(() => ExecAsync(id, Shell("id") with { User = "never" }));

        Assert.Equal("4711\n4712\n", _out.GetText());
        Assert.Equal("User", error.Parameter);
    }

    [Fact]
    public async Task Stdin_goes_in_whole_and_ends()
    {
        var id = await RunSleepAsync();
        var bytes = RandomNumberGenerator.GetBytes(5_000_001);

        await ExecAsync(id, Shell("sha256sum"), stdin: new MemoryStream(bytes));

        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(bytes)), _out.GetText()[..64]);
    }

    [Fact]
    public async Task A_process_that_does_not_read_its_stdin_to_the_end_is_no_error()
    {
        var id = await RunSleepAsync();

        var outcome = await ExecAsync(id, Shell("head -c 3"), stdin: new EndlessStream("abc"u8.ToArray()));

        Assert.Equal((0, "abc"), (outcome.Exit.Code, _out.GetText()));
    }

    [Fact]
    public async Task T11_a_process_that_reads_to_the_end_gets_an_end()
    {
        var id = await RunSleepAsync();

        var empty = await ExecAsync(id, Shell("cat; echo end"), stdin: Stream.Null);
        var some = await ExecAsync(id, Shell("cat; echo end"), stdin: new MemoryStream("some\n"u8.ToArray()));
        var none = await ExecAsync(id, Shell("cat; echo end"));

        Assert.Equal((0, 0, 0), (empty.Exit.Code, some.Exit.Code, none.Exit.Code));
        Assert.Equal("end\nsome\nend\nend\n", _out.GetText());
    }

    [Fact]
    public async Task T11_the_end_is_not_lost_where_stdin_is_over_before_the_shim_has_opened_it()
    {
        // Two hundred times a race that one in some dozens lost.
        var id = await RunSleepAsync();
        for (var i = 0; i < 10; i++)
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
            {
                var sink = new BufferSink();
                await RunAsync(id, new ExecOptions { Command = ["wc", "-c"] }, new ProcessStreams { Stdout = sink, Stdin = new MemoryStream("12345"u8.ToArray()) }, Token);
                Assert.Equal("5\n", sink.GetText());
            }));
        }
    }

    [Fact]
    public async Task T2_a_program_that_is_not_there_fails_once_and_the_container_lives_on()
    {
        var id = await RunSleepAsync();

        var error = await Assert.ThrowsAsync<NotFoundException>(() => ExecAsync(id, new ExecOptions { Command = ["no-such-program"] }));
        var path = await Assert.ThrowsAsync<NotFoundException>(() => ExecAsync(id, new ExecOptions { Command = ["/no/such/program"] }));
        var denied = await Assert.ThrowsAsync<ContainerdException>(() => ExecAsync(id, new ExecOptions { Command = ["/etc/passwd"] }));

        Assert.Equal(("NoSuchProgram", "no-such-program"), (error.ErrorId, error.Id));
        Assert.Equal("/no/such/program", path.Id);
        Assert.Equal("PermissionDenied", denied.ErrorId);
        await ExecAsync(id, Shell("echo alive"));
        Assert.Equal("alive\n", _out.GetText());
        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task T3_the_exit_code_of_what_never_started_is_not_believed()
    {
        var id = await RunSleepAsync();
        var service = new WireTasks.Tasks.TasksClient(Client.Scope.Invoker);
        var spec = new WireTasks.ExecProcessRequest
        {
            ContainerId = id,
            ExecId = "never",
            Spec = Json("""{"args":["no-such-program"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0}}"""),
        };
        await service.ExecAsync(spec, Client.Scope.Options(Token));
        var wait = Client.Tasks.WaitAsync(id, "never", Token);
        await Assert.ThrowsAnyAsync<Grpc.Core.RpcException>(async () =>
            await service.StartAsync(new WireTasks.StartRequest { ContainerId = id, ExecId = "never" }, Client.Scope.Options(Token)));

        // The server answers 0 here, with a time of the year 1.
        Assert.Equal(ExitStatus.Lost, await wait);
        await service.DeleteProcessAsync(new WireTasks.DeleteProcessRequest { ContainerId = id, ExecId = "never" }, Client.Scope.Options(Token));
    }

    [Fact]
    public async Task T4_streams_that_cannot_be_made_start_no_process()
    {
        var id = await RunSleepAsync();
        var file = Path.Combine(Server.TempDirectory, "a-file");
        await File.WriteAllTextAsync(file, "", Token);

        await Assert.ThrowsAnyAsync<IOException>(() => RunAsync(
            id, Shell("sleep 500"), new ProcessStreams { Stdout = _out }, Token, file + "/below"));

        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task T5_T6_T7_streams_of_every_combination_open_at_once_and_are_whole()
    {
        var id = await RunSleepAsync();
        var clock = Stopwatch.StartNew();

        foreach (var (stdout, stderr, stdin) in from o in new[] { true, false } from e in new[] { true, false } from i in new[] { true, false } select (o, e, i))
        {
            var output = new BufferSink();
            var errors = new BufferSink();
            var outcome = await RunAsync(
                id,
                Shell("sleep 0.1; cat; echo out; echo err >&2; exit 4"),
                new ProcessStreams { Stdout = stdout ? output : null, Stderr = stderr ? errors : null, Stdin = stdin ? new MemoryStream("in\n"u8.ToArray()) : null },
                Token);
            Assert.Equal(4, outcome.Exit.Code);
            Assert.Equal(stdout ? (stdin ? "in\nout\n" : "out\n") : "", output.GetText());
            Assert.Equal(stderr ? "err\n" : "", errors.GetText());
        }

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task T8_T9_a_slow_reader_slows_the_process_and_gets_every_byte()
    {
        var id = await RunSleepAsync();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var count = 0L;
        var slow = new CallbackSink(async (bytes, token) =>
        {
            if (count == 0)
                await Task.Delay(3000, token);
            await Task.Delay(5, token);
            hash.AppendData(bytes.Span);
            count += bytes.Length;
        });

        var outcome = await RunAsync(id, Shell("seq 1 300000; seq 1 300000 | sha256sum >&2"), new ProcessStreams { Stdout = slow, Stderr = _err }, Token);

        Assert.Equal(0, outcome.Exit.Code);
        Assert.Equal(_err.GetText()[..64], Convert.ToHexStringLower(hash.GetHashAndReset()));
        Assert.Equal(count, outcome.StdoutBytes);
    }

    [Fact]
    public async Task T10_a_child_that_holds_the_output_is_not_waited_for_and_is_told()
    {
        var id = await RunSleepAsync();
        var clock = Stopwatch.StartNew();

        var outcome = await RunAsync(
            id, Shell("sleep 30 & echo said; exit 5"), new ProcessStreams { Stdout = _out, Stderr = _err, IdleGrace = TimeSpan.FromSeconds(0.5) }, Token);

        Assert.Equal((5, true, "said\n"), (outcome.Exit.Code, outcome.OutputStillOpen, _out.GetText()));
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task T12_a_terminal_has_its_size_from_the_first_instruction_on()
    {
        var id = await RunSleepAsync();

        await ExecAsync(id, Shell("stty size; echo $TERM; tty; echo err >&2") with { Terminal = true, ConsoleSize = new ConsoleSize(99, 33) });

        Assert.Matches(@"^33 99\r\nxterm\r\n/dev/pts/\d+\r\nerr\r\n$", _out.GetText());
        Assert.Equal("", _err.GetText());
    }

    [Fact]
    public async Task T13_an_exec_leaves_its_id_free()
    {
        var id = await RunSleepAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => RunAsync(id, Shell($"exit {i}"), new ProcessStreams(), Token)));

        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task Many_execs_side_by_side_each_get_their_own()
    {
        var id = await RunSleepAsync();

        var texts = await Task.WhenAll(Enumerable.Range(0, 30).Select(async i =>
        {
            var sink = new BufferSink();
            var outcome = await RunAsync(id, Shell($"cat; exit {i}"), new ProcessStreams { Stdout = sink, Stdin = new MemoryStream(Encoding.UTF8.GetBytes($"{i}")) }, Token);
            return (sink.GetText(), outcome.Exit.Code);
        }));

        Assert.Equal(Enumerable.Range(0, 30).Select(i => ($"{i}", (int?)i)), texts);
    }

    [Fact]
    public async Task Cancelled_it_ends_at_once_and_nothing_of_it_is_left_not_even_its_children()
    {
        var id = await RunSleepAsync();
        using var cancel = new CancellationTokenSource();
        var said = new CallbackSink((_, _) =>
        {
            cancel.Cancel();
            return ValueTask.CompletedTask;
        });
        var clock = new Stopwatch();
        cancel.Token.Register(clock.Start);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(
            id, Shell("sleep 501 & (sleep 502; echo) & echo started; while :; do sleep 503; done"), new ProcessStreams { Stdout = said, Stderr = _err }, cancel.Token));

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task Cancelled_while_the_reader_is_stuck_it_ends_as_well()
    {
        var id = await RunSleepAsync();
        using var cancel = new CancellationTokenSource();
        var stuck = new CallbackSink(async (_, token) =>
        {
            cancel.CancelAfter(500);
            await Task.Delay(Timeout.Infinite, token);
        });

        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(
            id, Shell("yes"), new ProcessStreams { Stdout = stuck, Stderr = _err }, cancel.Token));

        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task A_sink_that_fails_ends_the_process_and_its_error_is_told()
    {
        var id = await RunSleepAsync();
        var full = new CallbackSink((_, _) => throw new IOException("No space left on device"));

        var error = await Assert.ThrowsAsync<IOException>(() => RunAsync(id, Shell("echo; sleep 500"), new ProcessStreams { Stdout = full }, Token));

        Assert.Contains("No space", error.Message, StringComparison.Ordinal);
        await NothingIsLeftAsync(id);
    }

    [Fact]
    public async Task Nothing_is_executed_in_a_container_that_does_not_run()
    {
        var paused = await RunSleepAsync();
        await Client.Tasks.PauseAsync(paused, Token);
        var stopped = await RunAsync("true");
        await Client.Tasks.WaitForExitAsync(stopped, TimeSpan.FromSeconds(30), Token);
        var idle = await NewContainerAsync("true");

        await Assert.ThrowsAsync<FailedPreconditionException>(() => ExecAsync(paused, Shell("id")));
        await Assert.ThrowsAsync<FailedPreconditionException>(() => ExecAsync(stopped, Shell("id")));
        Assert.Equal(ResourceKind.Task, (await Assert.ThrowsAsync<NotFoundException>(() => ExecAsync(idle, Shell("id")))).Kind);
        Assert.Equal(ResourceKind.Container, (await Assert.ThrowsAsync<NotFoundException>(() => ExecAsync("nobody", Shell("id")))).Kind);
        Assert.Equal("Command", (await Assert.ThrowsAsync<InvalidArgumentException>(() => ExecAsync(paused, new ExecOptions { Command = [] }))).Parameter);
    }

    [Fact]
    public async Task T14_output_and_exit_code_survive_a_restart_of_containerd()
    {
        var id = await RunSleepAsync();
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var sink = new CallbackSink(async (bytes, token) =>
        {
            await _out.WriteAsync(bytes, token);
            started.TrySetResult();
        });
        // By its first words the start has been answered: a daemon that dies before that is another test.
        var exec = RunAsync(id, Shell("sleep 2; echo before; while ! [ -e /tmp/go ]; do sleep 0.1; done; echo after; exit 8"), new ProcessStreams { Stdout = sink }, Token);
        await started.Task.WaitAsync(Token);

        await Server.RestartAsync();
        await UntilAsync(async () => (await Client.Tasks.GetAsync(id, Token)).State == TaskState.Running, "the task is known again");
        await RunAsync(id, Shell("touch /tmp/go"), new ProcessStreams(), Token);

        Assert.Equal(8, (await exec).Exit.Code);
        Assert.Equal("before\nafter\n", _out.GetText());
        await NothingIsLeftAsync(id);
    }

    private static ExecOptions Shell(string script) => new() { Command = ["sh", "-c", script] };

    private static Google.Protobuf.WellKnownTypes.Any Json(string json) => Containerd.Client.Wire.AnyMessage.PackJson(Containerd.Client.Wire.TypeUrls.Process, Encoding.UTF8.GetBytes(json));

    private string FifoRoot => Path.Combine(Server.Directory, "fifo");

    private Task<ProcessOutcome> RunAsync(string id, ExecOptions options, ProcessStreams streams, CancellationToken cancellationToken, string? fifos = null) =>
        Client.Execs.RunAsync(id, options, streams with { FifoDirectory = fifos ?? FifoRoot }, cancellationToken);

    private Task<ProcessOutcome> ExecAsync(string id, ExecOptions options, Stream? stdin = null) =>
        RunAsync(id, options, new ProcessStreams { Stdout = _out, Stderr = _err, Stdin = stdin }, Token);

    // No process in the container but its own, no exec id taken, no FIFO of ours.
    private async Task NothingIsLeftAsync(string id)
    {
        var service = new WireTasks.Tasks.TasksClient(Client.Scope.Invoker);
        var pids = await service.ListPidsAsync(new WireTasks.ListPidsRequest { ContainerId = id }, Client.Scope.Options(Token));
        Assert.Single(pids.Processes);
        Assert.Equal(0, Client.Poller.Count);
        Assert.Empty(Directory.Exists(FifoRoot) ? Directory.EnumerateFileSystemEntries(FifoRoot) : []);
    }

    private sealed class EndlessStream(byte[] piece) : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancellationToken.ThrowIfCancellationRequested();
            piece.CopyTo(buffer);
            return new(piece.Length);
        }
    }
}

public sealed class ExecTests16(Server16 server) : ExecTests(server), IClassFixture<Server16>;

public sealed class ExecTests17(Server17 server) : ExecTests(server), IClassFixture<Server17>;

public sealed class ExecTests2(Server2 server) : ExecTests(server), IClassFixture<Server2>;

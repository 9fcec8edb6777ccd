using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Containerd.Client.Io;
using Containerd.Client.Tasks;
using Containerd.Client.Tests.Tasks;
using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Io;

/// <summary>The streams against real shims: exec processes put together by hand, so that every step's order is in plain sight.</summary>
public abstract class LiveProcessIoTests(ContainerdServer server) : TaskRig(server)
{
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(1);

    private readonly BufferSink _out = new();
    private readonly BufferSink _err = new();

    private TaskCalls Calls => new(Client.Scope);

    [Fact]
    public async Task Output_of_both_streams_arrives_whole()
    {
        var (io, exec) = await StreamAsync(new() { Id = "e", StdoutSink = _out, StderrSink = _err }, "echo out; echo err >&2; exit 3");
        await using (io)
        {
            Assert.Equal(3u, await WaitAsync(exec));
            Assert.Equal(new DrainResult(false, 4, 4), await io.DrainAsync(s_grace, Token));
        }
        Assert.Equal(("out\n", "err\n"), (_out.GetText(), _err.GetText()));
    }

    [Fact]
    public async Task T5_T7_Start_does_not_wait_whichever_streams_are_wanted()
    {
        ProcessIoOptions[] wishes =
        [
            new() { Id = "e" },
            new() { Id = "e", StdoutSink = _out },
            new() { Id = "e", StderrSink = _err },
            new() { Id = "e", Stdin = true },
            new() { Id = "e", StdoutSink = _out, Terminal = true },
            new() { Id = "e", Terminal = true },
        ];
        foreach (var wish in wishes)
        {
            var watch = Stopwatch.StartNew();
            var (io, exec) = await StreamAsync(wish, "echo one; echo two >&2");
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(15));
            await using (io)
            {
                // Without streams too: with three empty paths a process could not write at all.
                Assert.Equal(0u, await WaitAsync(exec));
                Assert.False((await io.DrainAsync(s_grace, Token)).OutputStillOpen);
            }
        }
        Assert.Equal(("one\none\r\ntwo\r\n", "two\n"), (_out.GetText(), _err.GetText()));
    }

    [Fact]
    public async Task T8_T9_A_consumer_slower_than_the_servers_patience_gets_every_byte()
    {
        var got = new MemoryStream();
        var slow = new CallbackSink(async (bytes, token) =>
        {
            await Task.Delay(got.Length == 0 ? 3000 : 50, token);
            got.Write(bytes.Span);
        });
        var (io, exec) = await StreamAsync(new() { Id = "e", StdoutSink = slow }, "seq 1 50000");
        await using (io)
        {
            Assert.Equal(0u, await WaitAsync(exec));
            Assert.False((await io.DrainAsync(s_grace, Token)).OutputStillOpen);
            await DeleteAsync(exec);
        }
        Assert.Equal(string.Concat(Enumerable.Range(1, 50000).Select(i => $"{i}\n")), Encoding.ASCII.GetString(got.ToArray()));
    }

    [Fact]
    public async Task T10_A_background_child_that_keeps_the_stream_does_not_keep_us()
    {
        var (io, exec) = await StreamAsync(new() { Id = "e", StdoutSink = _out }, "sleep 60 & echo gone");
        await using (io)
        {
            Assert.Equal(0u, await WaitAsync(exec));
            var watch = Stopwatch.StartNew();
            Assert.True((await io.DrainAsync(s_grace, Token)).OutputStillOpen);
            Assert.InRange(watch.Elapsed, TimeSpan.Zero, s_grace * 5);
        }
        Assert.Equal("gone\n", _out.GetText());
    }

    [Fact]
    public async Task T11_Stdin_of_any_size_ends_when_it_was_written_closed_and_CloseIO_called()
    {
        var (io, exec) = await StreamAsync(new() { Id = "e", Stdin = true, StdoutSink = _out }, "wc -c");
        await using (io)
        {
            Assert.True(await io.WriteStdinAsync(new byte[3_000_001], Token));
            await io.CloseStdinAsync(Token);
            await Calls.Service.CloseIOAsync(new CloseIORequest { ContainerId = exec.Container, ExecId = exec.Id, Stdin = true }, Headers);
            Assert.Equal(0u, await WaitAsync(exec));
            await io.DrainAsync(s_grace, Token);
        }
        Assert.Equal("3000001", _out.GetText().Trim());
    }

    [Fact]
    public async Task Stdin_that_a_process_left_unread_ends_with_the_drain()
    {
        var (io, exec) = await StreamAsync(new() { Id = "e", Stdin = true, StdoutSink = _out }, "head -c 4");
        await using (io)
        {
            // The shim keeps the process's end of the pipe too, so nothing but the exit says that nobody reads.
            var writing = io.WriteStdinAsync(Encoding.ASCII.GetBytes(new string('x', 10_000_000)), Token).AsTask();
            Assert.Equal(0u, await WaitAsync(exec));
            Assert.False(writing.IsCompleted);
            await io.DrainAsync(s_grace, Token);
            Assert.False(await writing);
        }
        Assert.Equal("xxxx", _out.GetText());
    }

    [Fact]
    public async Task Sixty_four_MiB_come_out_of_a_container()
    {
        var (io, exec) = await StreamAsync(new() { Id = "e", StdoutSink = new CallbackSink((_, _) => default) }, "dd if=/dev/zero bs=64k count=1024 2>/dev/null");
        await using (io)
        {
            Assert.Equal(0u, await WaitAsync(exec));
            Assert.Equal(new DrainResult(false, 64 << 20, 0), await io.DrainAsync(s_grace, Token));
        }
    }

    [Fact]
    public async Task T29_The_shim_appends_to_a_private_file_by_itself()
    {
        var log = Path.Combine(Server.TempDirectory, "private", NewId("log"));
        FileSink.Open(log).Dispose();
        // So short that one stream has ended before the shim takes up the other; that has lost bytes.
        var container = await RunSleepAsync();
        for (var i = 0; i < 10; i++)
            Assert.Equal(0u, await WaitAsync(await StartAsync(StdioPaths.AppendTo(log), "echo out; echo err >&2", container)));
        // The shim copies on after the exit.
        await UntilAsync(() => new FileInfo(log).Length == 80, "all output is in the log");
        Assert.Equal((10, 10), ((await File.ReadAllLinesAsync(log)).Count(l => l == "out"), (await File.ReadAllLinesAsync(log)).Count(l => l == "err")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(log));
    }

    [Fact]
    public async Task T29_The_shim_writes_a_terminals_output_to_a_private_file_by_itself()
    {
        var log = Path.Combine(Server.TempDirectory, "private", NewId("log"));
        FileSink.Open(log).Dispose();
        Assert.Equal(0u, await WaitAsync(await StartAsync(StdioPaths.TerminalTo(log), "test -t 1 && echo yes")));
        await UntilAsync(() => new FileInfo(log).Length == 5, "all output is in the log");
        Assert.Equal("yes\r\n", await File.ReadAllTextAsync(log));
    }

    [Fact]
    public async Task A_second_client_attaches_to_what_the_first_one_left()
    {
        using var directory = FifoDirectory.Create(Path.Combine(Server.Directory, "fifo"));
        var paths = new StdioPaths(directory.Add("e", "stdin"), directory.Add("e", "stdout"), directory.Add("e", "stderr"), Terminal: false);
        var wish = new ProcessIoOptions { Id = "e", Stdin = true, StdoutSink = _out, StderrSink = _err };
        (string Container, string Id) exec;
        using (var first = new FileStream(paths.Stdout, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0))
        using (var firstErr = new FileStream(paths.Stderr, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 0))
            exec = await StartAsync(paths, "read line; echo said $line");

        await using (var io = ProcessIo.Attach(Client.Poller, paths, wish))
        {
            Assert.True(await io.WriteStdinAsync("hello\n"u8.ToArray(), Token));
            Assert.Equal(0u, await WaitAsync(exec));
            Assert.False((await io.DrainAsync(s_grace, Token)).OutputStillOpen);
        }
        Assert.Equal("said hello\n", _out.GetText());

        // What has ended is end of file at once, not a stream that is still open.
        await using var late = ProcessIo.Attach(Client.Poller, paths, wish with { Stdin = false });
        Assert.Equal(new DrainResult(false, 0, 0), await late.DrainAsync(s_grace, Token));
    }

    private Grpc.Core.CallOptions Headers => Client.Scope.Options(Token, TimeSpan.FromSeconds(40));

    private async Task<(ProcessIo Io, (string Container, string Id) Exec)> StreamAsync(ProcessIoOptions options, string script)
    {
        var io = ProcessIo.Create(Client.Poller, options with { Directory = Path.Combine(Server.Directory, "fifo") });
        var exec = await StartAsync(io.Paths, script);
        io.Connected();
        return (io, exec);
    }

    private async Task<(string Container, string Id)> StartAsync(StdioPaths paths, string script, string? container = null)
    {
        var exec = (Container: container ?? await RunSleepAsync(), Id: NewId("exec"));
        var process = new
        {
            args = new[] { "sh", "-c", script },
            cwd = "/",
            env = new[] { "PATH=/bin" },
            user = new { uid = 0, gid = 0 },
            terminal = paths.Terminal,
        };
        await Calls.Service.ExecAsync(new ExecProcessRequest
        {
            ContainerId = exec.Container,
            ExecId = exec.Id,
            Stdin = paths.Stdin,
            Stdout = paths.Stdout,
            Stderr = paths.Stderr,
            Terminal = paths.Terminal,
            Spec = AnyMessage.PackJson("types.containerd.io/opencontainers/runtime-spec/1/Process", JsonSerializer.SerializeToUtf8Bytes(process)),
        }, Headers);
        await Calls.Service.StartAsync(new StartRequest { ContainerId = exec.Container, ExecId = exec.Id }, Headers);
        return exec;
    }

    private async Task<uint> WaitAsync((string Container, string Id) exec) =>
        (await Calls.Service.WaitAsync(new WaitRequest { ContainerId = exec.Container, ExecId = exec.Id }, Headers)).ExitStatus;

    private async Task DeleteAsync((string Container, string Id) exec) =>
        await Calls.Service.DeleteProcessAsync(new DeleteProcessRequest { ContainerId = exec.Container, ExecId = exec.Id }, Headers);
}

public sealed class LiveProcessIoTests16(Server16 server) : LiveProcessIoTests(server), IClassFixture<Server16>;

public sealed class LiveProcessIoTests17(Server17 server) : LiveProcessIoTests(server), IClassFixture<Server17>;

public sealed class LiveProcessIoTests2(Server2 server) : LiveProcessIoTests(server), IClassFixture<Server2>;

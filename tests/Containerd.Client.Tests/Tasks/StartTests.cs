using Containerd.Client.Io;
using Containerd.Client.Tasks;
using Containerd.Client.Wire;
using Containerd.Testing;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Runc = Containerd.Client.Wire.Runc;
using WireContainers = Containerd.Client.Wire.Containers;

namespace Containerd.Client.Tests.Tasks;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public abstract class StartTests(ContainerdServer server) : TaskRig(server)
{
    [Fact]
    public async Task A_started_task_runs_without_us()
    {
        var id = await NewContainerAsync("sleep", "600");

        var task = await Client.Tasks.StartAsync(id, new StartOptions(), Token);

        Assert.Equal((id, TaskState.Running), (task.Id, task.State));
        Assert.Equal(await Client.Tasks.GetAsync(id, Token), task);
    }

    [Fact]
    public async Task A_container_that_has_stopped_starts_again_and_one_that_runs_does_not()
    {
        var id = await NewContainerAsync("sh", "-c", "exit 3");
        var steps = new List<string>();
        await Client.Tasks.StartAsync(id, new StartOptions(), Token);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);

        await Client.Tasks.StartAsync(id, new StartOptions { Step = steps.Add }, Token);

        Assert.Contains("code 3", Assert.Single(steps), StringComparison.Ordinal);
        Assert.Equal(3, (await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token)).ExitCode);

        var running = await RunSleepAsync();
        var error = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Tasks.StartAsync(running, new StartOptions(), Token));
        Assert.Contains("running already", error.Message, StringComparison.Ordinal);
        Assert.Equal(TaskState.Running, (await Client.Tasks.GetAsync(running, Token)).State);
    }

    [Fact]
    public async Task Files_take_the_streams_and_feed_stdin_without_us()
    {
        var id = await NewContainerAsync("sh", "-c", "cat; echo err >&2; echo end");
        var (input, output, errors) = (NewFile("in", "one\ntwo\n"), NewFile("out", "before\n"), NewFile("err", ""));

        await Client.Tasks.StartAsync(id, new StartOptions { Stdin = input, Stdout = output, Stderr = errors }, Token);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        await Client.Tasks.DeleteAsync(id, false, Token);

        Assert.Equal("before\none\ntwo\nend\n", await File.ReadAllTextAsync(output, Token));
        Assert.Equal("err\n", await File.ReadAllTextAsync(errors, Token));
        Assert.Equal("one\ntwo\n", await File.ReadAllTextAsync(input, Token));
    }

    [Fact]
    public async Task T7_one_stream_alone_is_taken_as_well()
    {
        var output = NewFile("out", "");
        var errors = NewFile("err", "");

        await RunToEndAsync(new StartOptions { Stdout = output });
        await RunToEndAsync(new StartOptions { Stderr = errors });
        await RunToEndAsync(new StartOptions { Stdin = NewFile("in", "in") });

        Assert.Equal("out\n", await File.ReadAllTextAsync(output, Token));
        Assert.Equal("err\n", await File.ReadAllTextAsync(errors, Token));
    }

    [Fact]
    public async Task One_file_takes_both_streams_in_their_order()
    {
        var log = NewFile("log", "");

        await RunToEndAsync(new StartOptions { Stdout = log, Stderr = log }, "for i in 1 2 3; do echo out$i; echo err$i >&2; done");

        Assert.Equal(["err1", "err2", "err3", "out1", "out2", "out3"], (await File.ReadAllLinesAsync(log, Token)).Order());
    }

    [Fact]
    public async Task A_terminal_writes_to_a_file_too()
    {
        var id = await NewContainerAsync(["--tty"], ["tty"]);
        var output = NewFile("out", "");

        var task = await Client.Tasks.StartAsync(id, new StartOptions { Stdout = output, Stderr = output }, Token);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        await Client.Tasks.DeleteAsync(id, false, Token);

        Assert.True(task.Terminal);
        Assert.Matches(@"^/dev/pts/\d+\r\n$", await File.ReadAllTextAsync(output, Token));
    }

    [Fact]
    public async Task A_file_URI_takes_both_streams_and_nothing_else_beside_it()
    {
        var log = Path.Combine(Server.Directory, "by-uri", "a b.log");
        var uri = "file://" + log.Replace(" ", "%20", StringComparison.Ordinal);

        await RunToEndAsync(new StartOptions { Stdout = uri });

        Assert.Equal(["err", "out"], (await File.ReadAllLinesAsync(log, Token)).Order());
        await Assert.ThrowsAsync<InvalidArgumentException>(() => RunToEndAsync(new StartOptions { Stdout = uri, Stderr = NewFile("err", "") }));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => RunToEndAsync(new StartOptions { Stderr = uri }));
    }

    [Fact]
    public async Task A_program_that_is_not_there_leaves_no_task()
    {
        var id = await NewContainerAsync("no-such-program");

        var error = await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.StartAsync(id, new StartOptions(), Token));

        Assert.Equal(("NoSuchProgram", "no-such-program"), (error.ErrorId, error.Id));
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.GetAsync(id, Token));
    }

    [Fact]
    public async Task What_is_not_there_is_named()
    {
        var noSnapshot = await NewContainerAsync("true");
        await Client.Snapshots("overlayfs").RemoveAsync(noSnapshot, Token);

        Assert.Equal(ResourceKind.Container, (await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.StartAsync("nobody", new StartOptions(), Token))).Kind);
        Assert.Equal(ResourceKind.Snapshot, (await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.StartAsync(noSnapshot, new StartOptions(), Token))).Kind);
    }

    [Fact]
    public async Task T23_an_option_of_the_task_keeps_those_of_the_container()
    {
        var id = await NewContainerAsync("sleep", "600");
        var own = new Runc.Options { BinaryName = "no-such-runtime", SystemdCgroup = false, Root = "" };
        await UpdateRuntimeOptionsAsync(id, AnyMessage.Pack(own));

        // runc's name is looked up only if the container's own options arrive at the shim.
        var error = await Assert.ThrowsAnyAsync<ContainerdException>(() => Client.Tasks.StartAsync(id, new StartOptions { NoNewKeyring = true }, Token));

        Assert.Contains("no-such-runtime", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("containerd.runc.v1.Options")]
    [InlineData("type.googleapis.com/containerd.runc.v1.Options")]
    public void T23_T24_options_are_merged_in_either_form(string typeUrl)
    {
        var stored = AnyMessage.Pack(new Runc.Options { BinaryName = "crun", Root = "/run/crun", SystemdCgroup = true });
        stored.TypeUrl = typeUrl;
        var container = new WireContainers.Container { Runtime = new() { Name = "io.containerd.runc.v2", Options = stored } };

        var merged = TaskCreation.MergeOptions(container, new StartOptions { NoPivotRoot = true });

        Assert.True(AnyMessage.TryUnpack<Runc.Options>(merged, out var options));
        Assert.Equal(new Runc.Options { BinaryName = "crun", Root = "/run/crun", SystemdCgroup = true, NoPivotRoot = true }, options);
        Assert.Equal("containerd.runc.v1.Options", merged!.TypeUrl);
        Assert.Null(TaskCreation.MergeOptions(container, new StartOptions()));
    }

    [Fact]
    public void Options_of_runc_are_not_sent_to_another_runtime()
    {
        var container = new WireContainers.Container { Id = "vm", Runtime = new() { Name = "io.containerd.kata.v2" } };

        var error = Assert.Throws<InvalidArgumentException>(() => TaskCreation.MergeOptions(container, new StartOptions { NoPivotRoot = true }));

        Assert.Equal("NoPivotRoot", error.Parameter);
    }

    [Fact]
    public async Task A_container_is_run_to_its_end_and_its_task_deleted()
    {
        var id = await NewContainerAsync("sh", "-c", "cat; echo err >&2; exit 6");
        var (output, errors) = (new BufferSink(), new BufferSink());

        var outcome = await Client.Tasks.RunAsync(
            id, new ProcessStreams { Stdin = new MemoryStream("in\n"u8.ToArray()), Stdout = output, Stderr = errors }, Token);

        Assert.Equal((6, null, "in\n", "err\n"), (outcome.Exit.Code, outcome.ExecId, output.GetText(), errors.GetText()));
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.GetAsync(id, Token));
        Assert.Equal(0, Client.Poller.Count);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_leaves_no_task_and_no_process()
    {
        var id = await NewContainerAsync("sh", "-c", "sleep 601 & echo up; while :; do sleep 1; done");
        using var cancel = new CancellationTokenSource();
        var sink = new CallbackSink((_, _) =>
        {
            cancel.Cancel();
            return ValueTask.CompletedTask;
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.Tasks.RunAsync(id, new ProcessStreams { Stdout = sink }, cancel.Token));

        await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.GetAsync(id, Token));
    }

    [Fact]
    public async Task T27_a_task_that_was_created_and_never_started_is_told_and_can_be_deleted()
    {
        var id = await NewContainerAsync("sleep", "600");
        var creation = await TaskCreation.PrepareAsync(Client, new TaskCalls(Client.Scope), id, new StartOptions(), Token);
        await creation.CreateAsync(StdioPaths.None);

        var error = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Tasks.StartAsync(id, new StartOptions(), Token));
        Assert.Contains("never started", error.Message, StringComparison.Ordinal);
        Assert.Equal(TaskState.Created, (await Client.Tasks.GetAsync(id, Token)).State);

        await Client.Tasks.DeleteAsync(id, false, Token);
        Assert.Equal(TaskState.Running, (await Client.Tasks.StartAsync(id, new StartOptions(), Token)).State);
    }

    [Fact]
    public async Task T18_a_container_whose_shim_died_starts_again_once_containerd_has_cleaned_up()
    {
        var id = await RunSleepAsync();
        ShimOf(id).Kill();

        Assert.Equal(TaskState.Running, (await Client.Tasks.StartAsync(id, new StartOptions(), Token)).State);
        Assert.Equal(TaskState.Running, (await Client.Tasks.GetAsync(id, Token)).State);
    }

    [Fact]
    public async Task T29_a_log_is_for_its_owner_only_and_goes_with_its_container()
    {
        var id = await NewContainerAsync("sh", "-c", "echo out; echo err >&2");

        var log = await Client.Logs.MakeAsync(id, Token);
        await Client.Tasks.StartAsync(id, new StartOptions { Stdout = log, Stderr = log }, Token);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(log));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(log)!));
        Assert.Equal(log, await Client.Logs.FindAsync(id, Token));
        Client.Logs.Remove(id);
        Assert.False(Path.Exists(log));
    }

    private async Task RunToEndAsync(StartOptions options, string script = "echo out; echo err >&2")
    {
        var id = await NewContainerAsync("sh", "-c", script);
        await Client.Tasks.StartAsync(id, options, Token);
        Assert.Equal(0, (await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token)).ExitCode);
        await Client.Tasks.DeleteAsync(id, false, Token);
    }

    private async Task UpdateRuntimeOptionsAsync(string id, Any options)
    {
        // The runtime can't be changed, so the container is made anew.
        var containers = new WireContainers.Containers.ContainersClient(Client.Scope.Invoker);
        var container = (await containers.GetAsync(new() { Id = id }, Client.Scope.Options(Token))).Container;
        await containers.DeleteAsync(new() { Id = id }, Client.Scope.Options(Token));
        container.Runtime.Options = options;
        await containers.CreateAsync(new() { Container = container }, Client.Scope.Options(Token));
    }
}

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class StartTests16(Server16 server) : StartTests(server), IClassFixture<Server16>;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class StartTests17(Server17 server) : StartTests(server), IClassFixture<Server17>;

[System.Runtime.Versioning.SupportedOSPlatform("linux")]
public sealed class StartTests2(Server2 server) : StartTests(server), IClassFixture<Server2>;

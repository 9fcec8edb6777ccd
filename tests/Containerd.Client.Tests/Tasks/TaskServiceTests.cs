using System.Diagnostics;
using Containerd.Client.Tasks;
using Containerd.Testing;
using Xunit;
using WireContainers = Containerd.Client.Wire.Containers;

namespace Containerd.Client.Tests.Tasks;

public abstract class TaskServiceTests(ContainerdServer server) : TaskRig(server)
{
    [Fact]
    public async Task A_running_task_says_who_and_where_it_is()
    {
        var id = await RunSleepAsync();

        var task = await Client.Tasks.GetAsync(id, Token);

        Assert.Equal((id, TaskState.Running, null, null), (task.Id, task.State, task.ExitCode, task.ExitedAt));
        Assert.True(Directory.Exists($"/proc/{task.Pid}"));
        Assert.Same(Client.Session, task.Session);
        Assert.Equal(Server.Namespace, task.Namespace);
    }

    [Fact]
    public async Task One_list_has_all_tasks_and_no_container_without_one()
    {
        var running = await RunSleepAsync();
        var idle = await NewContainerAsync("sleep", "600");

        var ids = (await Client.Tasks.ListAsync(Token)).Select(task => task.Id).ToList();

        Assert.Contains(running, ids);
        Assert.DoesNotContain(idle, ids);
    }

    [Fact]
    public async Task What_is_missing_is_named_container_or_task_or_exec()
    {
        var idle = await NewContainerAsync("true");
        var running = await RunSleepAsync();

        var noContainer = await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.GetAsync("nobody", Token));
        var noTask = await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.KillAsync(idle, 15, null, false, Token));
        var noExec = await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.KillAsync(running, 15, "nothing", false, Token));

        Assert.Equal((ResourceKind.Container, "nobody", "NoSuchContainer"), (noContainer.Kind, noContainer.Id, noContainer.ErrorId));
        Assert.Equal((ResourceKind.Task, idle, "ContainerNotRunning"), (noTask.Kind, noTask.Id, noTask.ErrorId));
        Assert.Equal((ResourceKind.Exec, "nothing", "NoSuchExec"), (noExec.Kind, noExec.Id, noExec.ErrorId));
    }

    [Fact]
    public async Task Wait_gives_the_exit_code_also_of_what_has_ended_already()
    {
        var id = await RunAsync("sh", "-c", "sleep 0.3; exit 7");

        var waited = await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        var again = await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);

        Assert.Equal((TaskState.Stopped, 7), (waited.State, waited.ExitCode));
        Assert.Equal(waited, again);
        Assert.InRange(waited.ExitedAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task Wait_gives_up_in_time_and_leaves_the_task_alone()
    {
        var id = await RunSleepAsync();

        await Assert.ThrowsAsync<TimeoutException>(() => Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(0.3), Token));

        Assert.Equal(TaskState.Running, (await Client.Tasks.GetAsync(id, Token)).State);
    }

    [Fact]
    public async Task Wait_ends_when_it_is_cancelled()
    {
        var id = await RunSleepAsync();
        using var cancel = new CancellationTokenSource(200);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client.Tasks.WaitForExitAsync(id, Timeout.InfiniteTimeSpan, cancel.Token));
    }

    [Fact]
    public async Task Stop_lets_a_process_that_handles_the_signal_end_by_itself()
    {
        var id = await RunAsync("sh", "-c", "trap 'exit 3' TERM; while :; do sleep 0.05; done");
        await UntilTrapAsync(id);
        var steps = new List<string>();

        var task = await Client.Tasks.StopAsync(id, new StopOptions { Step = steps.Add, Timeout = TimeSpan.FromSeconds(60) }, Token);

        Assert.Equal((TaskState.Stopped, 3), (task.State, task.ExitCode));
        Assert.Contains("SIGTERM", Assert.Single(steps), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stop_kills_all_processes_of_a_container_that_does_not_listen()
    {
        var id = await RunAsync("sh", "-c", "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & while :; do sleep 1; done");
        await UntilTrapAsync(id);
        var clock = Stopwatch.StartNew();

        var task = await Client.Tasks.StopAsync(id, new StopOptions { Timeout = TimeSpan.FromSeconds(0.5) }, Token);

        Assert.Equal(137, task.ExitCode);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(8));
    }

    [Fact]
    public async Task Stop_uses_the_stop_signal_that_the_container_carries()
    {
        var image = await Server.ImportTestImageAsync(new TestImage { Name = "example.test/usr1:1", StopSignal = "SIGUSR1" });
        var id = NewId();
        await Server.CtrAsync("run", "--detach", "--null-io", image, id, "sh", "-c", "trap 'exit 3' TERM; trap 'exit 4' USR1; while :; do sleep 0.05; done");
        await UntilTrapAsync(id);

        Assert.Equal(4, (await Client.Tasks.StopAsync(id, new StopOptions(), Token)).ExitCode);
    }

    [Fact]
    public async Task Stop_of_what_has_stopped_is_no_error_and_of_what_never_ran_is_one()
    {
        var ended = await RunAsync("sh", "-c", "exit 5");
        await Client.Tasks.WaitForExitAsync(ended, TimeSpan.FromSeconds(30), Token);
        var idle = await NewContainerAsync("true");

        Assert.Equal(5, (await Client.Tasks.StopAsync(ended, new StopOptions(), Token)).ExitCode);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.StopAsync(idle, new StopOptions(), Token));
    }

    [Fact]
    public async Task A_paused_task_says_so_and_stops_all_the_same()
    {
        var id = await RunAsync("sh", "-c", "trap 'exit 6' TERM; while :; do sleep 0.05; done");
        await UntilTrapAsync(id);
        await Client.Tasks.PauseAsync(id, Token);
        Assert.Equal(TaskState.Paused, (await Client.Tasks.GetAsync(id, Token)).State);
        await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Tasks.PauseAsync(id, Token));

        Assert.Equal(6, (await Client.Tasks.StopAsync(id, new StopOptions(), Token)).ExitCode);
    }

    [Fact]
    public async Task Only_a_paused_task_can_be_resumed()
    {
        var id = await RunSleepAsync();
        await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Tasks.ResumeAsync(id, Token));
        await Client.Tasks.PauseAsync(id, Token);

        await Client.Tasks.ResumeAsync(id, Token);

        Assert.Equal(TaskState.Running, (await Client.Tasks.GetAsync(id, Token)).State);
    }

    [Fact]
    public async Task A_signal_to_what_has_ended_says_that_it_has_ended()
    {
        var id = await RunAsync("true");
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);

        var error = await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.KillAsync(id, 15, null, false, Token));

        Assert.Equal("ContainerNotRunning", error.ErrorId);
        Assert.Contains("has ended", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_task_is_deleted_by_force_only()
    {
        var id = await RunSleepAsync();
        var error = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Tasks.DeleteAsync(id, false, Token));
        Assert.Contains("running", error.Message, StringComparison.Ordinal);

        Assert.Equal(137, (await Client.Tasks.DeleteAsync(id, true, Token)).ExitCode);

        await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.GetAsync(id, Token));
    }

    [Fact]
    public async Task T1_a_task_whose_container_was_removed_is_listed_and_its_error_says_no_container()
    {
        var id = await RunSleepAsync();
        var pid = (await Client.Tasks.GetAsync(id, Token)).Pid;
        await new WireContainers.Containers.ContainersClient(Client.Scope.Invoker)
            .DeleteAsync(new WireContainers.DeleteContainerRequest { Id = id }, Client.Scope.Options(Token));

        Assert.Contains(await Client.Tasks.ListAsync(Token), task => task.Id == id && task.Pid == pid);
        var error = await Assert.ThrowsAsync<NotFoundException>(() => Client.Tasks.StopAsync(id, new StopOptions(), Token));
        Assert.Equal(ResourceKind.Container, error.Kind);
        Process.GetProcessById(pid).Kill();
    }

    [Fact]
    public async Task T14_a_wait_survives_a_restart_of_containerd()
    {
        var id = await RunAsync("sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.05; done");
        await UntilTrapAsync(id);
        var pid = (await Client.Tasks.GetAsync(id, Token)).Pid;
        var wait = await BeginWaitAsync(id);

        await Server.RestartAsync();
        await UntilAsync(async () => (await Client.Tasks.GetAsync(id, Token)).State == TaskState.Running, "the task is known again");
        Assert.False(wait().IsCompleted);
        Assert.Equal(pid, (await Client.Tasks.GetAsync(id, Token)).Pid);
        await Client.Tasks.KillAsync(id, 15, null, false, Token);

        Assert.Equal(9, (await wait()).ExitCode);
    }

    [Fact]
    public async Task T14_an_exit_while_containerd_is_down_has_a_code_or_none_never_a_wrong_one()
    {
        var id = await RunAsync("sh", "-c", "trap 'exit 9' TERM; while :; do sleep 0.05; done");
        await UntilTrapAsync(id);
        var pid = (await Client.Tasks.GetAsync(id, Token)).Pid;
        var wait = await BeginWaitAsync(id);

        await Server.KillAsync();
        using (var kill = Process.Start("kill", ["-TERM", $"{pid}"]))
            await kill.WaitForExitAsync(Token);
        await UntilAsync(() => !Directory.Exists($"/proc/{pid}"), "the process has ended");
        await Server.RestartAsync();

        var task = await wait();
        Assert.Equal(TaskState.Stopped, task.State);
        Assert.Equal(Server.Generation == ServerGeneration.Containerd16 ? 9 : null, task.ExitCode);
    }

    [Fact]
    public async Task T18_a_wait_on_a_shim_that_dies_ends()
    {
        var id = await RunSleepAsync();
        var wait = await BeginWaitAsync(id);

        ShimOf(id).Kill();

        var task = await wait();
        Assert.Equal(TaskState.Stopped, task.State);
        Assert.True(task.ExitCode is null or 137, $"{task.ExitCode}");
    }

    [Fact]
    public async Task T19_a_hung_shim_costs_two_seconds_and_its_task_is_unknown()
    {
        var id = await RunSleepAsync();
        var other = await RunSleepAsync();
        var shim = ShimOf(id).Id;
        await SignalAsync(shim, "STOP");
        try
        {
            var clock = Stopwatch.StartNew();
            var tasks = await Client.Tasks.ListAsync(Token);

            Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
            Assert.Equal(TaskState.Unknown, tasks.Single(task => task.Id == id).State);
            Assert.Equal(TaskState.Running, tasks.Single(task => task.Id == other).State);
        }
        finally
        {
            await SignalAsync(shim, "CONT");
        }
    }

    [Fact]
    public async Task T28_deleting_a_task_removes_the_FIFOs_left_for_it_and_nothing_else()
    {
        var id = NewId();
        await Server.CtrAsync("run", "--detach", await ImageAsync(), id, "sleep", "600");
        var task = await Client.Tasks.GetAsync(id, Token);
        Assert.True(File.Exists(task.Stdout), "ctr's FIFO is there");
        var directory = Path.GetDirectoryName(task.Stdout)!;

        await Client.Tasks.DeleteAsync(id, true, Token);

        Assert.False(Directory.Exists(directory), "its directory is gone");
        Assert.True(Directory.Exists(Path.GetDirectoryName(directory)), "the directory of all FIFOs is not");

        var devNull = await RunSleepAsync();
        await Client.Tasks.DeleteAsync(devNull, true, Token);
        Assert.True(File.Exists("/dev/null"));
    }

    [Fact]
    public async Task Fifty_tasks_stop_side_by_side()
    {
        // Ten here: what is seen is that they do not wait for one another.
        var ids = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => RunAsync("sh", "-c", "trap '' TERM; while :; do sleep 1; done")));
        foreach (var id in ids)
            await UntilTrapAsync(id);
        var clock = Stopwatch.StartNew();

        await Task.WhenAll(ids.Select(id => Client.Tasks.StopAsync(id, new StopOptions { Timeout = TimeSpan.FromSeconds(1) }, Token)));

        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6));
    }

    // The call is under way before this returns: the calls behind it on the same connection have been answered.
    private async Task<Func<Task<ContainerTask>>> BeginWaitAsync(string id)
    {
        var wait = Client.Tasks.WaitForExitAsync(id, Timeout.InfiniteTimeSpan, Token);
        for (var i = 0; i < 3; i++)
            await Client.Tasks.GetAsync(id, Token);
        return () => wait;
    }

    // A shell that has set its traps catches or ignores SIGTERM, which /proc shows.
    private async Task UntilTrapAsync(string id)
    {
        var pid = (await Client.Tasks.GetAsync(id, Token)).Pid;
        await UntilAsync(
            () => File.ReadLines($"/proc/{pid}/status").Any(line =>
                (line.StartsWith("SigCgt:", StringComparison.Ordinal) || line.StartsWith("SigIgn:", StringComparison.Ordinal))
                && (Convert.ToUInt64(line[7..].Trim(), 16) & (1UL << 14)) != 0),
            "the shell has set its trap");
    }

    private static async Task SignalAsync(int pid, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{pid}"]);
        await kill.WaitForExitAsync();
    }
}

public sealed class TaskServiceTests16(Server16 server) : TaskServiceTests(server), IClassFixture<Server16>;

public sealed class TaskServiceTests17(Server17 server) : TaskServiceTests(server), IClassFixture<Server17>;

public sealed class TaskServiceTests2(Server2 server) : TaskServiceTests(server), IClassFixture<Server2>;

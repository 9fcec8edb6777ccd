using System.Diagnostics;
using Containerd.Client.Containers;
using Containerd.Client.Tests.Tasks;
using Containerd.Testing;
using Xunit;
using WireTasks = Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tests.Containers;

public abstract class ContainerRemovalTests(ContainerdServer server) : TaskRig(server)
{
    private static readonly RemovalOptions s_plain = new();
    private static readonly RemovalOptions s_force = new() { Force = true };

    [Fact]
    public async Task T1_a_running_container_is_not_removed_and_runs_on()
    {
        var id = await RunSleepAsync();
        var before = await Client.Containers.GetAsync(id, Token);

        var error = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Containers.RemoveAsync(id, s_plain, Token));

        Assert.Contains($"running (process {before.Pid})", error.Message, StringComparison.Ordinal);
        Assert.Equal((TaskState.Running, before.Pid), ((await Client.Containers.GetAsync(id, Token)).State, (await Client.Containers.GetAsync(id, Token)).Pid));
    }

    [Fact]
    public async Task By_force_processes_task_snapshot_and_record_go()
    {
        var id = await RunAsync("sh", "-c", "sleep 601 & trap '' TERM; while :; do sleep 602; done");
        var pid = (await Client.Containers.GetAsync(id, Token)).Pid;

        await Client.Containers.RemoveAsync(id, s_force, Token);

        await AssertNothingIsLeftAsync(id);
        Assert.False(Directory.Exists($"/proc/{pid}"));
    }

    [Fact]
    public async Task A_container_that_has_ended_is_removed_with_its_task()
    {
        var id = await RunAsync("true");
        await UntilAsync(async () => (await Client.Containers.GetAsync(id, Token)).State == TaskState.Stopped, "it has ended");
        var removed = await Client.Containers.RemoveAsync(id, s_plain, Token);
        Assert.Equal((id, TaskState.Stopped, 0), (removed.Id, removed.State, removed.ExitCode));
        await AssertNothingIsLeftAsync(id);
    }

    [Fact]
    public async Task A_paused_container_is_removed_by_force()
    {
        var id = await RunSleepAsync();
        await Server.CtrAsync("tasks", "pause", id);
        await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Containers.RemoveAsync(id, s_plain, Token));
        await Client.Containers.RemoveAsync(id, s_force, Token);
        await AssertNothingIsLeftAsync(id);
    }

    [Fact]
    public async Task T27_a_task_that_was_made_and_never_started_is_removed_by_force()
    {
        var id = await NewContainerAsync("true");
        var tasks = new WireTasks.Tasks.TasksClient(Client.Scope.Invoker);
        var mounts = await Client.Snapshots("overlayfs").MountsAsync(id, Token);
        await tasks.CreateAsync(new WireTasks.CreateTaskRequest { ContainerId = id, Rootfs = { mounts.Select(mount => mount.ToWire()) } }, Client.Scope.Options(Token));

        var error = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Containers.RemoveAsync(id, s_plain, Token));
        Assert.Contains("created", error.Message, StringComparison.Ordinal);
        await Client.Containers.RemoveAsync(id, s_force, Token);
        await AssertNothingIsLeftAsync(id);
    }

    [Fact]
    public async Task T18_a_container_whose_shim_has_died_is_removed_once_containerd_has_cleaned_up()
    {
        var id = await RunSleepAsync();
        var pid = (await Client.Containers.GetAsync(id, Token)).Pid;
        var shim = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..].Trim();
        using (var kill = Process.Start("kill", ["-KILL", shim]))
            await kill.WaitForExitAsync(Token);

        await Client.Containers.RemoveAsync(id, s_force, Token);

        await AssertNothingIsLeftAsync(id);
        await UntilAsync(() => !Directory.Exists($"/proc/{pid}"), "the process is gone");
    }

    [Fact]
    public async Task A_snapshot_that_is_kept_outlives_the_garbage_collection()
    {
        var id = await NewContainerAsync("true");
        await Client.Containers.RemoveAsync(id, new RemovalOptions { KeepSnapshot = true }, Token);
        await CollectAsync();

        var kept = await Client.Snapshots("overlayfs").StatAsync(id, Token);
        Assert.Contains("containerd.io/gc.root", kept.Labels.Keys);
        Assert.Empty(await Server.CtrAsync("containers", "list", "--quiet", $"id=={id}"));
        await Client.Snapshots("overlayfs").RemoveAsync(id, Token);
    }

    [Fact]
    public async Task A_container_whose_snapshot_is_gone_is_removed_nevertheless()
    {
        var id = await NewContainerAsync("true");
        await Server.CtrAsync("snapshots", "remove", id);
        await Client.Containers.RemoveAsync(id, s_plain, Token);
        await AssertNothingIsLeftAsync(id);
    }

    [Fact]
    public async Task Many_at_once_removing_the_same_leave_nothing_and_fail_with_nothing_worse_than_no_such_container()
    {
        var id = await RunSleepAsync();
        var removals = Enumerable.Range(0, 8).Select(_ => Client.Containers.RemoveAsync(id, s_force, Token)).ToArray();
        await Task.WhenAny(Task.WhenAll(removals));
        Assert.Contains(removals, removal => removal.IsCompletedSuccessfully);
        Assert.All(removals.Where(removal => removal.IsFaulted), removal => Assert.IsType<NotFoundException>(removal.Exception!.InnerException));
        await AssertNothingIsLeftAsync(id);
    }

    [Theory]
    [InlineData("nerdctl/name", "nerdctl")]
    [InlineData("io.cri-containerd.kind", "Kubernetes")]
    public async Task T32_the_container_of_another_owner_is_removed_by_force_only(string label, string owner)
    {
        var id = await NewContainerAsync(["--label", label + "=x"], ["true"]);
        var error = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Containers.RemoveAsync(id, s_plain, Token));
        Assert.Contains(owner, error.Message, StringComparison.Ordinal);
        Assert.Equal(owner, (await Client.Containers.RemoveAsync(id, s_force, Token)).Owner);
        await AssertNothingIsLeftAsync(id);
    }

    [Fact]
    public async Task What_is_not_there_cannot_be_removed() =>
        Assert.Equal("nobody", (await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.RemoveAsync("nobody", s_force, Token))).Id);

    [Fact]
    public async Task Fifty_running_containers_go_side_by_side()
    {
        var ids = new List<string>();
        for (var i = 0; i < 50; i++)
            ids.Add(await RunSleepAsync());
        await Task.WhenAll(ids.Select(id => Client.Containers.RemoveAsync(id, s_force, Token)));
        var left = (await Client.Containers.ListAsync([], Token)).Select(container => container.Id).Intersect(ids);
        Assert.Empty(left);
        Assert.Empty((await Client.Tasks.ListAsync(Token)).Select(task => task.Id).Intersect(ids));
    }

    private async Task AssertNothingIsLeftAsync(string id)
    {
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.GetAsync(id, Token));
        Assert.DoesNotContain(await Client.Tasks.ListAsync(Token), task => task.Id == id);
        Assert.False(await Client.Snapshots("overlayfs").ExistsAsync(id, Token));
    }

    /// <summary>A garbage collection, waited for.</summary>
    private async Task CollectAsync() => await (await Client.Leases.CreateAsync(Token)).AbandonAsync(Token);
}

public sealed class ContainerRemovalTests16(Server16 server) : ContainerRemovalTests(server), IClassFixture<Server16>;

public sealed class ContainerRemovalTests17(Server17 server) : ContainerRemovalTests(server), IClassFixture<Server17>;

public sealed class ContainerRemovalTests2(Server2 server) : ContainerRemovalTests(server), IClassFixture<Server2>;

using Containerd.Client.Containers;
using Containerd.Client.Tasks;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Tasks;

public abstract class LogTests(ContainerdServer server) : TaskRig(server)
{
    [Fact]
    public async Task A_log_is_read_whole_or_by_its_last_lines()
    {
        var id = await StartAsync("seq 1 1000; printf 'no break'");
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        await Client.Tasks.DeleteAsync(id, false, Token);

        Assert.Equal([.. Enumerable.Range(1, 1000).Select(i => $"{i}"), "no break"], await ReadAsync(id));
        Assert.Equal(["999", "1000", "no break"], await ReadAsync(id, 3));
        Assert.Equal([], await ReadAsync(id, 0));
        Assert.Equal(1001, (await ReadAsync(id, 5000)).Count);
    }

    [Fact]
    public async Task A_log_is_followed_until_the_task_ends_and_not_a_line_is_lost()
    {
        var id = await StartAsync("echo one; sleep 0.5; echo two; sleep 0.5; seq 1 50000; echo end");

        var lines = await ReadAsync(id, follow: true);

        Assert.Equal(["one", "two", .. Enumerable.Range(1, 50000).Select(i => $"{i}"), "end"], lines);
    }

    [Fact]
    public async Task Lines_come_while_the_task_runs_and_following_can_be_cancelled()
    {
        var id = await StartAsync("echo one; while :; do sleep 1; done");
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var seen = new List<string>();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var lines in Client.Logs.ReadAsync(id, null, true, cancel.Token))
            {
                seen.AddRange(lines);
                cancel.CancelAfter(200);
            }
        });

        Assert.Equal(["one"], seen);
    }

    [Fact]
    public async Task A_log_outlives_the_start_that_wrote_it_but_not_the_container()
    {
        var id = await StartAsync("echo first");
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        var log = await StartAgainAsync(id);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        Assert.Equal(["first", "first"], await ReadAsync(id));

        await Client.Containers.RemoveAsync(id, new RemovalOptions(), Token);

        Assert.False(File.Exists(log));
    }

    [Fact]
    public async Task Another_container_of_the_same_id_does_not_see_the_log()
    {
        var id = await StartAsync("echo secret");
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);
        var old = await Client.Logs.FindAsync(id, Token);
        await Server.CtrAsync("tasks", "delete", id);
        await Server.CtrAsync("containers", "delete", id);

        await Server.CtrAsync("containers", "create", "--", await ImageAsync(), id, "sh", "-c", "echo other");
        Assert.Equal("NoSuchLog", (await Assert.ThrowsAsync<NotFoundException>(() => ReadAsync(id))).ErrorId);
        await StartAgainAsync(id);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);

        Assert.Equal(["other"], await ReadAsync(id));
        Assert.False(File.Exists(old));
    }

    [Fact]
    public async Task A_log_of_another_client_is_read_by_its_URI()
    {
        var id = NewId();
        var log = Path.Combine(Server.Directory, id + ".log");
        await Server.CtrAsync("run", "--detach", "--log-uri", "file://" + log, await ImageAsync(), id, "echo", "by ctr");
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(30), Token);

        Assert.Equal(["by ctr"], await ReadAsync(id));
    }

    [Fact]
    public async Task Why_there_is_no_log_is_said()
    {
        var silent = await RunSleepAsync();
        var attached = NewId();
        await Server.CtrAsync("run", "--detach", await ImageAsync(), attached, "sleep", "600");

        var none = await Assert.ThrowsAsync<NotFoundException>(() => ReadAsync(silent));
        var fifo = await Assert.ThrowsAsync<NotFoundException>(() => ReadAsync(attached));
        var nobody = await Assert.ThrowsAsync<NotFoundException>(() => ReadAsync("nobody"));

        Assert.Equal((ResourceKind.Log, silent), (none.Kind, none.Id));
        Assert.Contains("without one", none.Message, StringComparison.Ordinal);
        Assert.Contains("attached", fifo.Message, StringComparison.Ordinal);
        Assert.Equal(ResourceKind.Container, nobody.Kind);
    }

    [Fact]
    public async Task A_log_goes_on_when_the_client_is_gone_and_across_a_restart_of_containerd()
    {
        string id;
        using (var other = await ConnectAsync())
        {
            id = await NewContainerAsync("sh", "-c", "echo one; while ! [ -e /tmp/go ]; do sleep 0.1; done; echo two");
            var log = await other.Logs.MakeAsync(id, Token);
            await other.Tasks.StartAsync(id, new StartOptions { Stdout = log, Stderr = log }, Token);
        }

        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var reading = ReadAsync(id, follow: true, onFirst: first.SetResult);
        await first.Task.WaitAsync(Token);
        await Server.RestartAsync();
        await UntilAsync(async () => (await Client.Tasks.GetAsync(id, Token)).State == TaskState.Running, "the task is known again");
        await Client.Execs.RunAsync(id, new ExecOptions { Command = ["touch", "/tmp/go"] }, new ProcessStreams(), Token);

        Assert.Equal(["one", "two"], await reading);
    }

    private async Task<string> StartAsync(string script)
    {
        var id = await NewContainerAsync("sh", "-c", script);
        await StartAgainAsync(id);
        return id;
    }

    private async Task<string> StartAgainAsync(string id)
    {
        var log = await Client.Logs.MakeAsync(id, Token);
        await Client.Tasks.StartAsync(id, new StartOptions { Stdout = log, Stderr = log }, Token);
        return log;
    }

    private async Task<List<string>> ReadAsync(string id, int? tail = null, bool follow = false, Action? onFirst = null)
    {
        var all = new List<string>();
        await foreach (var lines in Client.Logs.ReadAsync(id, tail, follow, Token))
        {
            if (all.Count == 0)
                onFirst?.Invoke();
            all.AddRange(lines);
        }

        return all;
    }
}

public sealed class LogTests16(Server16 server) : LogTests(server), IClassFixture<Server16>;

public sealed class LogTests17(Server17 server) : LogTests(server), IClassFixture<Server17>;

public sealed class LogTests2(Server2 server) : LogTests(server), IClassFixture<Server2>;

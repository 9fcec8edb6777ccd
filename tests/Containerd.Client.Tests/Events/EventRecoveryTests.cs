using Containerd.Client.Events;
using Containerd.Testing;
using Xunit;
using WireEvents = Containerd.Client.Wire.Events;

namespace Containerd.Client.Tests.Events;

/// <summary>What becomes of a subscription when containerd or a shim dies.</summary>
public abstract class EventRecoveryTests(ContainerdServer server) : EventRig(server)
{
    [Fact]
    public async Task T15_a_subscription_outlives_a_restart_and_says_so()
    {
        using var log = await EventLog.OpenAsync(Client);
        using var filtered = await EventLog.OpenAsync(Client, new EventQuery { Filters = ["topic~=|^/test/|"] });
        await Server.KillAsync();
        await log.UntilAsync(l => l.Warnings.Count == 1, "the warning");
        await Server.RestartAsync();
        foreach (var l in new[] { log, filtered })
        {
            await UntilAsync(
                async () =>
                {
                    await PublishAsync("/test/again", new WireEvents.ContainerDelete { Id = "again" });
                    return l.Events.Any(e => e.Id == "again");
                },
                "events come again");
            Assert.Contains("was lost", Assert.Single(l.Warnings), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task T14_T15_an_exit_nobody_listened_to_is_delivered_once_with_its_code_or_none()
    {
        var before = await RunAsync("sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.1; done; exit 7");
        using var log = await EventLog.OpenAsync(Client);
        var after = await RunAsync("sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.1; done; exit 8");
        var lives = await RunSleepAsync();
        await log.UntilAsync(EventKind.TaskStart, after);
        var tasks = (await Client.Tasks.ListAsync(Token)).Where(t => t.Id == before || t.Id == after).ToList();
        await Server.KillAsync();
        foreach (var task in tasks)
            await File.WriteAllTextAsync($"/proc/{task.Pid}/root/tmp/end", "");
        await UntilAsync(() => tasks.TrueForAll(t => !IsRunning(t.Pid)), "both have ended");

        // Longer than a shim tries to tell (1 + 2 + 3 s and so on, five times), so that the exit's own event is lost.
        await Task.Delay(TimeSpan.FromSeconds(17));
        await Server.RestartAsync();
        await log.UntilAsync(EventKind.TaskExit, before);
        await log.UntilAsync(EventKind.TaskExit, after);
        await Task.Delay(1000);

        foreach (var (id, code) in new[] { (before, 7), (after, 8) })
        {
            var exit = Assert.Single(log.Of(id), e => e.Kind == EventKind.TaskExit);
            Assert.Equal(tasks.Single(t => t.Id == id).Pid, exit.Pid);
            Assert.Equal((true, "/tasks/exit"), (exit.Recovered, exit.Topic));
            if (exit.ExitCode is null)
                Assert.True(Server.Generation != ServerGeneration.Containerd16 && exit.ExitedAt is null);
            else
                Assert.Equal(code, exit.ExitCode);
        }

        Assert.DoesNotContain(log.Of(lives), e => e.Kind == EventKind.TaskExit);
        await Server.CtrAsync("tasks", "kill", "--signal", "SIGKILL", lives);
        await log.UntilAsync(EventKind.TaskExit, lives);
        var last = Assert.Single(log.Of(lives), e => e.Kind == EventKind.TaskExit);
        Assert.Equal((137, false), (last.ExitCode, last.Recovered));
    }

    [Fact]
    public async Task An_exec_process_that_ended_unheard_is_recovered_too()
    {
        var id = await RunSleepAsync();
        using var log = await EventLog.OpenAsync(Client);
        await Server.CtrAsync("tasks", "exec", "--detach", "--exec-id", "e1", id, "sh", "-c", "while [ ! -e /tmp/end ]; do sleep 0.1; done; exit 5");
        await log.UntilAsync(l => l.Of(id).Any(e => e.Kind == EventKind.TaskExecStarted), "the exec process");
        var pid = log.Of(id).Single(e => e.Kind == EventKind.TaskExecStarted).Pid!.Value;
        await Server.KillAsync();
        await File.WriteAllTextAsync($"/proc/{pid}/root/tmp/end", "");
        await UntilAsync(() => !IsRunning(pid), "it has ended");
        await Server.RestartAsync();
        await log.UntilAsync(EventKind.TaskExit, id);
        await Task.Delay(1000);

        var exit = Assert.Single(log.Of(id), e => e.Kind == EventKind.TaskExit);
        Assert.Equal(("e1", pid, 5), (exit.ExecId, exit.Pid, exit.ExitCode));
    }

    [Fact]
    public async Task T18_a_shim_that_is_killed_is_one_exit_with_137()
    {
        var id = await RunSleepAsync();
        using var log = await EventLog.OpenAsync(Client);
        var init = (await Client.Tasks.GetAsync(id, Token)).Pid;
        var shim = int.Parse(
            (await File.ReadAllTextAsync($"/proc/{init}/stat", Token)).Split(") ")[1].Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        System.Diagnostics.Process.GetProcessById(shim).Kill();
        await log.UntilAsync(EventKind.TaskExit, id);
        await log.UntilAsync(EventKind.TaskDelete, id);
        var exit = Assert.Single(log.Of(id), e => e.Kind == EventKind.TaskExit);
        Assert.Equal((137, init), (exit.ExitCode, exit.Pid));
    }

    [Fact]
    public async Task T19_a_hung_shim_delays_no_event_of_others()
    {
        var well = await RunSleepAsync();
        var shims = new List<string>();
        try
        {
            for (var i = 0; i < 3; i++)
            {
                var hung = await Client.Tasks.GetAsync(await RunSleepAsync(), Token);
                shims.Add((await File.ReadAllTextAsync($"/proc/{hung.Pid}/stat", Token)).Split(") ")[1].Split(' ')[1]);
                await SignalAsync("-STOP", shims[^1]);
            }

            using var client = await ConnectAsync();
            var clock = System.Diagnostics.Stopwatch.StartNew();
            using var log = await EventLog.OpenAsync(client);
            await PublishAsync("/test/x", new WireEvents.ContainerDelete { Id = well });
            await log.UntilAsync(EventKind.ContainerDelete, well);

            // The server gives each of them two seconds to answer, one after the other.
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
        }
        finally
        {
            foreach (var shim in shims)
                await SignalAsync("-CONT", shim);
        }
    }

    [Fact]
    public async Task Whoever_subscribes_while_containerd_is_away_is_told_after_the_connect_timeout()
    {
        using var log = await EventLog.OpenAsync(Client);
        using var hasty = await ContainerdClient.ConnectAsync(
            Client.Scope.Channel.Options with { ConnectTimeout = TimeSpan.FromMilliseconds(500) }, Server.Namespace, null, Token);
        await Server.KillAsync();
        await Assert.ThrowsAsync<ConnectionException>(() => hasty.Events.SubscribeAsync(new EventQuery(), Token));
        await Server.RestartAsync();
        using var again = await hasty.Events.SubscribeAsync(new EventQuery(), Token);
    }

    private static async Task SignalAsync(string signal, string pid)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [signal, pid]);
        await kill.WaitForExitAsync(CancellationToken.None);
    }

    // A process whose parent has not reaped it is still there, as a zombie.
    private static bool IsRunning(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].StartsWith('Z');
        }
        catch (IOException)
        {
            return false;
        }
    }
}

public sealed class EventRecoveryTests16(Server16 server) : EventRecoveryTests(server), IClassFixture<Server16>;

public sealed class EventRecoveryTests17(Server17 server) : EventRecoveryTests(server), IClassFixture<Server17>;

public sealed class EventRecoveryTests2(Server2 server) : EventRecoveryTests(server), IClassFixture<Server2>;

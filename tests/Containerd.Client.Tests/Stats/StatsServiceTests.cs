using System.Globalization;
using Containerd.Client.Metrics;
using Containerd.Client.Tests.Tasks;
using Containerd.Testing;
using Google.Protobuf;
using Xunit;

namespace Containerd.Client.Tests.Stats;

/// <summary>Readings of real containers, compared with what the kernel itself says.</summary>
public abstract class StatsServiceTests(ContainerdServer server) : TaskRig(server)
{
    private static readonly bool s_isV2 = File.Exists("/sys/fs/cgroup/cgroup.controllers");

    [Fact]
    public async Task The_numbers_are_the_kernels()
    {
        var id = await RunWithLimitsAsync("dd if=/dev/zero of=/tmp/x bs=1M count=8; sleep 600 & sleep 600");
        var pid = (await Client.Tasks.GetAsync(id, Token)).Pid;
        await UntilAsync(async () => (await Client.Tasks.ListProcessesAsync(id, detailed: true, Token)).Count(p => p.CommandLine is ["sleep", ..]) == 2, "both sleep");

        // Nothing moves in a sleeping container: what the kernel says before and after is what it said in between.
        var stats = await ReadAsync(id);

        Assert.Equal(s_isV2 ? StatsSource.CgroupV2 : StatsSource.CgroupV1, stats.Source);
        Assert.Equal(Kernel(pid, "pids", "pids.current", "pids.current"), stats.Pids);
        Assert.Equal(Kernel(pid, "memory", "memory.limit_in_bytes", "memory.max"), stats.MemoryLimit);
        Assert.Equal(64 << 20, stats.MemoryLimit);
        Assert.InRange(Kernel(pid, "memory", "memory.usage_in_bytes", "memory.current"), stats.MemoryCharged - (1 << 20), stats.MemoryCharged + (1 << 20));
        Assert.True(stats.MemoryCharged >= 8 << 20 && stats.MemoryUsage < 8 << 20, $"{stats.MemoryCharged} {stats.MemoryUsage}: the cache does not count");
        var cpu = s_isV2 ? Kernel(pid, "", "", "cpu.stat") * 1000 : Kernel(pid, "cpuacct", "cpuacct.usage", "");
        Assert.InRange(cpu / 100, stats.CpuTime.Ticks, stats.CpuTime.Ticks + TimeSpan.TicksPerSecond);
        Assert.InRange(stats.MemoryPercent!.Value, 0.001, 15);
        Assert.InRange(DateTimeOffset.UtcNow - stats.Timestamp, TimeSpan.FromSeconds(-5), TimeSpan.FromSeconds(60));
        Assert.Equal((Client.Session, Client.Namespace, id), (stats.Session, stats.Namespace, stats.Id));
    }

    [Fact]
    public async Task A_busy_container_has_a_percentage_and_an_idle_one_nearly_none()
    {
        var busy = await RunAsync("sh", "-c", "while :; do :; done");
        var idle = await RunSleepAsync();
        var (busyBefore, idleBefore) = (await ReadAsync(busy), await ReadAsync(idle));
        await Task.Delay(1000);
        var (busyNow, idleNow) = (StatsService.Since(busyBefore, await ReadAsync(busy)), StatsService.Since(idleBefore, await ReadAsync(idle)));

        // How much a busy loop gets depends on who else is on the machine.
        Assert.InRange(busyNow.CpuPercent!.Value, 1, 110);
        Assert.InRange(idleNow.CpuPercent!.Value, 0, 1);
        Assert.True(busyNow.CpuInterval >= TimeSpan.FromSeconds(0.9));
    }

    [Fact]
    public async Task What_the_server_sends_is_known_to_the_last_field()
    {
        var id = await RunWithLimitsAsync("sleep 600");
        var tasks = new Containerd.Client.Wire.Tasks.Tasks.TasksClient(Client.Scope.Invoker);
        var reply = await Client.Scope.CallAsync(
            new Connection.Attempt("read", ResourceKind.Task, id), o => tasks.MetricsAsync(new() { Filters = { $"id==\"{id}\"" } }, o), Token);
        var data = Assert.Single(reply.Metrics).Data;
        MessageParser parser = s_isV2 ? Containerd.Client.Wire.Cgroups2.Metrics.Parser : Containerd.Client.Wire.Cgroups1.Metrics.Parser;
        Assert.Equal(s_isV2 ? "io.containerd.cgroups.v2.Metrics" : "io.containerd.cgroups.v1.Metrics", data.TypeUrl);
        Assert.Equal(data.Value.Length, parser.WithDiscardUnknownFields(true).ParseFrom(data.Value).CalculateSize());
    }

    [Fact]
    public async Task What_is_not_there_never_ran_or_has_stopped_is_an_error_of_its_own()
    {
        Assert.Equal(ResourceKind.Container, (await Assert.ThrowsAsync<NotFoundException>(() => Client.Stats.ReadAsync("nobody", Token))).Kind);
        var idle = await NewContainerAsync("true");
        Assert.Equal(ResourceKind.Task, (await Assert.ThrowsAsync<NotFoundException>(() => Client.Stats.ReadAsync(idle, Token))).Kind);
        var ended = await RunAsync("true");
        await Client.Tasks.WaitForExitAsync(ended, TimeSpan.FromSeconds(60), Token);
        Assert.Contains("has stopped", (await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Stats.ReadAsync(ended, Token))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T19_a_hung_shim_holds_up_nobody_else_and_is_given_up()
    {
        var (hung, well) = (await RunSleepAsync(), await RunSleepAsync());
        var stat = await File.ReadAllTextAsync($"/proc/{(await Client.Tasks.GetAsync(hung, Token)).Pid}/stat", Token);
        var shim = stat.Split(") ")[1].Split(' ')[1];
        using var stop = System.Diagnostics.Process.Start("kill", ["-STOP", shim]);
        await stop.WaitForExitAsync(Token);
        await UntilAsync(async () => (await File.ReadAllTextAsync($"/proc/{shim}/status", Token)).Contains("State:\tT", StringComparison.Ordinal), "the shim has stopped");
        try
        {
            var giveUp = Assert.ThrowsAnyAsync<ContainerdException>(() => Client.Stats.ReadAsync(hung, Token));
            Assert.NotNull(await Client.Stats.ReadAsync(well, Token).WaitAsync(TimeSpan.FromSeconds(8)));
            Assert.False(giveUp.IsCompleted);
            await giveUp.WaitAsync(TimeSpan.FromSeconds(30));
        }
        finally
        {
            using var go = System.Diagnostics.Process.Start("kill", ["-CONT", shim]);
            await go.WaitForExitAsync(CancellationToken.None);
        }
    }

    private async Task<ContainerStats> ReadAsync(string id) => await Client.Stats.ReadAsync(id, Token) ?? throw new InvalidOperationException("no metrics");

    private async Task<string> RunWithLimitsAsync(string script)
    {
        var id = NewId();
        await Server.CtrAsync("run", "--detach", "--null-io", "--memory-limit", (64 << 20).ToString(CultureInfo.InvariantCulture), await ImageAsync(), id, "sh", "-c", script);
        return id;
    }

    // The first number in a file of the process's cgroup.
    private static long Kernel(int pid, string controller, string v1, string v2)
    {
        var path = File.ReadLines($"/proc/{pid}/cgroup").Select(line => line.Split(':', 3))
            .Single(parts => s_isV2 ? parts[1].Length == 0 : parts[1].Split(',').Contains(controller));
        var mount = s_isV2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controller;
        var text = File.ReadAllText($"{mount}{path[2]}/{(s_isV2 ? v2 : v1)}");
        return long.Parse(text.Split(['\n', ' '], StringSplitOptions.RemoveEmptyEntries).First(word => char.IsAsciiDigit(word[0])), CultureInfo.InvariantCulture);
    }
}

public sealed class StatsServiceTests16(Server16 server) : StatsServiceTests(server), IClassFixture<Server16>;

public sealed class StatsServiceTests17(Server17 server) : StatsServiceTests(server), IClassFixture<Server17>;

public sealed class StatsServiceTests2(Server2 server) : StatsServiceTests(server), IClassFixture<Server2>;

using System.Diagnostics;
using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Metrics;

public abstract class GetCtrStatsTests : IDisposable, IAsyncLifetime
{
    private readonly ContainerdServer _server;
    private readonly ModuleHost _module = new();
    private int _countAtRestart;

    protected GetCtrStatsTests(ContainerdServer server)
    {
        _server = server;
        _module.Invoke($"$null = New-CtrSession {server.Address} -Namespace {server.Namespace}").WithoutErrors();
    }

    public async ValueTask InitializeAsync()
    {
        var image = await _server.ImportTestImageAsync();
        if ((await _server.CtrAsync("tasks", "list", "--quiet")).Contains("stats-a", StringComparison.Ordinal))
            return;
        foreach (var id in new[] { "stats-a", "stats-b" })
            await _server.CtrAsync("run", "--detach", "--null-io", "--memory-limit", "67108864", image, id, "sleep", "600");
        await _server.CtrAsync("containers", "create", image, "stats-idle", "true");
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void All_that_run_are_read_by_default_twice_for_the_processor()
    {
        var clock = Stopwatch.StartNew();
        var stats = _module.Invoke("Get-CtrStats").WithoutErrors().Values.Cast<ContainerStats>().OrderBy(s => s.Id, StringComparer.Ordinal).ToList();
        Assert.True(clock.Elapsed >= TimeSpan.FromSeconds(1));
        Assert.Equal(["stats-a", "stats-b"], stats.Select(s => s.Id));
        Assert.All(stats, s =>
        {
            Assert.InRange(s.CpuPercent!.Value, 0, 50);
            Assert.Equal((64L << 20, 1L), (s.MemoryLimit, s.Pids));
            Assert.InRange(s.MemoryUsage, 1, 32 << 20);
        });
    }

    [Fact]
    public void One_reading_is_enough_without_the_percentage_and_ids_can_be_piped()
    {
        var result = _module.Invoke("Get-CtrTask stats-b | Get-CtrStats -NoCpuPercent; 'stats-a' | Get-CtrStats -NoCpuPercent").WithoutErrors();
        Assert.Equal(["stats-b", "stats-a"], result.Values.Cast<ContainerStats>().Select(s => s.Id));
        Assert.All(result.Values.Cast<ContainerStats>(), s => Assert.Null(s.CpuPercent));
    }

    [Fact]
    public void Following_goes_on_until_Ctrl_C_which_takes_less_than_a_second()
    {
        var (result, took) = _module.InvokeAndStop("Get-CtrStats stats-* -Follow -Interval 0.1", output => output.Count >= 6);
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Empty(result.Errors);
        Assert.All(result.Values.Cast<ContainerStats>(), s => Assert.NotNull(s.CpuPercent));
        Assert.True(result.Values.Cast<ContainerStats>().Count(s => s.Id == "stats-a") >= 2);
    }

    [Fact]
    public async Task Following_a_container_ends_with_it_and_a_wildcard_takes_in_new_ones()
    {
        var image = await _server.ImportTestImageAsync();
        var all = Task.Run(() =>
        {
            using var other = new ModuleHost();
            other.Invoke($"$null = New-CtrSession {_server.Address} -Namespace {_server.Namespace}").WithoutErrors();
            return other.InvokeAndStop("Get-CtrStats brief* -Follow -Interval 0.1", output => output.Count >= 1).Result;
        });
        await Task.Delay(500);
        await _server.CtrAsync("run", "--detach", "--null-io", image, "brief", "sleep", "8");
        var one = _module.Invoke("Get-CtrStats brief -Follow -Interval 0.2").WithoutErrors();
        Assert.NotEmpty(one.Values);
        Assert.Equal("brief", ((ContainerStats)(await all).Values[0]).Id);
    }

    [Fact]
    public async Task Following_outlives_a_restart_of_containerd()
    {
        var count = 0;
        var following = Task.Run(() => _module.InvokeAndStop(
            "Get-CtrStats stats-a -Follow -Interval 0.2",
            output =>
            {
                var before = Volatile.Read(ref _countAtRestart);
                Volatile.Write(ref count, output.Count);
                return before > 0 && output.Count > before + 2;
            }));
        for (var until = DateTime.UtcNow.AddSeconds(60); Volatile.Read(ref count) < 2 && DateTime.UtcNow < until;)
            await Task.Delay(50);
        await _server.KillAsync();
        await _server.RestartAsync();
        Volatile.Write(ref _countAtRestart, Volatile.Read(ref count));
        Assert.True((await following).Result.Stopped);
    }

    [Theory]
    [InlineData("Get-CtrStats nobody", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody")]
    [InlineData("Get-CtrStats stats-idle", "ContainerNotRunning", ErrorCategory.ObjectNotFound, "stats-idle")]
    public void What_cannot_be_read_is_an_error_about_it(string script, string errorId, ErrorCategory category, string target)
    {
        var result = _module.Invoke(script.Replace("Get-CtrStats ", "Get-CtrStats stats-a, ", StringComparison.Ordinal) + " -NoCpuPercent");
        var error = result.SingleError();
        Assert.StartsWith(errorId, error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((category, target), (error.CategoryInfo.Category, error.TargetObject));
        Assert.Equal("stats-a", result.Single<ContainerStats>().Id);
    }

    [Fact]
    public void A_wildcard_that_matches_none_is_no_error_and_no_interval_is_one()
    {
        Assert.Empty(_module.Invoke("Get-CtrStats none*").WithoutErrors().Values);
        var error = _module.Invoke("Get-CtrStats -Interval 0").SingleError();
        Assert.StartsWith("InvalidArgument", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
    }

    public void Dispose()
    {
        _module.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class GetCtrStatsTests16(Server16 server) : GetCtrStatsTests(server), IClassFixture<Server16>;

public sealed class GetCtrStatsTests17(Server17 server) : GetCtrStatsTests(server), IClassFixture<Server17>;

public sealed class GetCtrStatsTests2(Server2 server) : GetCtrStatsTests(server), IClassFixture<Server2>;

using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Tasks;

public abstract class ProcessAndLimitTests : IAsyncLifetime
{
    private readonly ContainerdServer _server;
    private readonly ModuleHost _module = new();
    private readonly string _namespace;

    protected ProcessAndLimitTests(ContainerdServer server) => (_server, _namespace) = (server, server.NewNamespace());

    public async ValueTask InitializeAsync()
    {
        var image = await _server.ImportTestImageAsync(null, _namespace);
        await _server.CtrAsync("--namespace", _namespace, "run", "-d", "--null-io", image, "web", "sh", "-c", "sleep 1000 & exec sleep 2000");
        _module.Invoke($"$null = New-CtrSession {_server.Address} -Namespace {_namespace}").WithoutErrors();
    }

    public ValueTask DisposeAsync()
    {
        _module.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public void The_processes_are_those_of_the_host_and_details_come_from_proc()
    {
        var processes = _module.Invoke("Get-CtrProcess web -Detailed").WithoutErrors().Values.Cast<ContainerProcess>().ToArray();

        Assert.Equal(["sleep 1000", "sleep 2000"], processes.Select(p => string.Join(' ', p.CommandLine!)).Order());
        Assert.All(processes, process =>
        {
            Assert.Equal(("web", _namespace), (process.ContainerId, process.Namespace));
            Assert.Equal(0, process.UserId);
            Assert.Equal(1, process.Threads);
            Assert.True(process.Memory > 0);
            Assert.InRange(process.StartedAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-10), DateTimeOffset.UtcNow.AddSeconds(2));
            Assert.Null(process.ExecId);
        });
        var plain = _module.Invoke("Get-CtrProcess w*").WithoutErrors().Values.Cast<ContainerProcess>().ToArray();
        Assert.Equal(processes.Select(p => p.Pid).Order(), plain.Select(p => p.Pid).Order());
        Assert.All(plain, process => Assert.Null(process.CommandLine));
    }

    [Fact]
    public async Task An_exec_process_is_known_by_its_id()
    {
        await _server.CtrAsync("--namespace", _namespace, "tasks", "exec", "-d", "--exec-id", "probe", "web", "sleep", "3000");

        var exec = Assert.Single(_module.Invoke("Get-CtrProcess web -Detailed").WithoutErrors().Values.Cast<ContainerProcess>(), p => p.ExecId is not null);

        Assert.Equal(("probe", "sleep 3000"), (exec.ExecId, string.Join(' ', exec.CommandLine!)));
    }

    [Fact]
    public async Task Limits_hold_at_once_and_are_in_the_spec_for_the_next_start()
    {
        var before = await _server.CtrAsync("--namespace", _namespace, "containers", "info", "web");
        Assert.DoesNotContain("134217728", before, StringComparison.Ordinal);

        _module.Invoke("Get-CtrTask web | Set-CtrTaskLimit -Memory 128MB -PidsLimit 77 -Cpu 0.5").WithoutErrors();

        Assert.Equal("134217728", Cgroup("memory", "memory.limit_in_bytes", "memory.max"));
        Assert.Equal("77", Cgroup("pids", "pids.max", "pids.max"));
        Assert.StartsWith("50000", Cgroup("cpu", "cpu.cfs_quota_us", "cpu.max"), StringComparison.Ordinal);
        var after = await _server.CtrAsync("--namespace", _namespace, "containers", "info", "web");
        Assert.Contains("134217728", after, StringComparison.Ordinal);
        Assert.Contains("\"limit\": 77", after, StringComparison.Ordinal);
        Assert.Contains("\"quota\": 50000", after, StringComparison.Ordinal);
        Assert.Contains("sleep 1000", after, StringComparison.Ordinal);

        _module.Invoke("Set-CtrTaskLimit web -PidsLimit -1").WithoutErrors();
        Assert.Equal("max", Cgroup("pids", "pids.max", "pids.max"));
        Assert.Equal("134217728", Cgroup("memory", "memory.limit_in_bytes", "memory.max"));
    }

    [Theory]
    [InlineData("Get-CtrProcess nobody", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody")]
    [InlineData("Set-CtrTaskLimit nobody -Memory 1GB", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody")]
    [InlineData("Set-CtrTaskLimit web -Memory -7", "InvalidArgument", ErrorCategory.InvalidArgument, "web")]
    [InlineData("Set-CtrTaskLimit web", "InvalidArgument", ErrorCategory.InvalidArgument, "web")]
    public void What_cannot_be_done_is_one_error_about_the_container(string script, string errorId, ErrorCategory category, string target)
    {
        var error = _module.Invoke(script).SingleError();
        Assert.StartsWith(errorId + ",", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((category, target), (error.CategoryInfo.Category, error.TargetObject));
    }

    [Fact]
    public void WhatIf_changes_nothing()
    {
        _module.Invoke("Set-CtrTaskLimit web -PidsLimit 5 -WhatIf").WithoutErrors();
        Assert.Equal("max", Cgroup("pids", "pids.max", "pids.max"));
    }

    private string Cgroup(string controller, string file, string unified)
    {
        var first = $"/sys/fs/cgroup/{controller}/{_namespace}/web/{file}";
        return File.ReadAllText(File.Exists(first) ? first : $"/sys/fs/cgroup/{_namespace}/web/{unified}").Trim();
    }
}

public sealed class ProcessAndLimitTests16(Server16 server) : ProcessAndLimitTests(server), IClassFixture<Server16>;

public sealed class ProcessAndLimitTests17(Server17 server) : ProcessAndLimitTests(server), IClassFixture<Server17>;

public sealed class ProcessAndLimitTests2(Server2 server) : ProcessAndLimitTests(server), IClassFixture<Server2>;

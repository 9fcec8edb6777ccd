using System.Diagnostics;
using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Containers;

public abstract class ContainerCommandTests(ContainerdServer server) : ContainerRig(server)
{
    [Fact]
    public async Task Containers_are_found_by_id_wildcard_label_state_and_image()
    {
        Invoke("$null = New-CtrContainer web1, web2 box:1 sleep 600 -Label tier=front, zone=a; $null = New-CtrContainer db box:1 sleep 600 -Label tier=back, zone=a");
        await StartAsync("web2");

        string[] Ids(string script) => [.. Invoke(script).Values.Cast<Container>().Select(container => container.Id)];
        Assert.Equal(["db", "web1", "web2"], Ids("Get-CtrContainer"));
        Assert.Equal(["web1", "web2"], Ids("Get-CtrContainer WEB*"));
        Assert.Equal(["db", "web1"], Ids("Get-CtrContainer db, web1"));
        Assert.Equal(["web2"], Ids("Get-CtrContainer web* -State Running, Paused"));
        Assert.Equal(["db"], Ids("Get-CtrContainer -Label tier=back"));
        Assert.Equal(["web1", "web2"], Ids("Get-CtrContainer -Label @{ tier = 'fr*'; zone = 'a' }"));
        Assert.Equal(["db", "web1", "web2"], Ids("Get-CtrContainer -Label zone"));
        Assert.Equal(["db", "web1", "web2"], Ids("Get-CtrContainer -Image *box*"));
        Assert.Empty(Ids("Get-CtrContainer -Image nothing*; Get-CtrContainer zz*; Get-CtrContainer -Label nothing; Get-CtrContainer db -Label tier=front; Get-CtrContainer web1, db -State Stopped"));
        Assert.Equal(TaskState.Running, Invoke("Get-CtrContainer web2 | Get-CtrContainer").Single<Container>().State);
    }

    [Fact]
    public void A_literal_id_that_is_not_there_is_an_error_about_it_beside_those_that_are()
    {
        Invoke("$null = New-CtrContainer web box:1");
        AssertError("Get-CtrContainer nobody", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        AssertError("'nobody' | Get-CtrContainer", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        var result = Module.Invoke("Get-CtrContainer web, nobody, z*");
        Assert.Equal("nobody", result.SingleError().TargetObject);
        Assert.Equal("web", result.Single<Container>().Id);
        AssertError("Get-CtrContainer web -Namespace 'a--b'", "InvalidArgument", ErrorCategory.InvalidArgument, "web");
    }

    [Fact]
    public void Labels_are_set_and_removed_and_the_changed_containers_given_where_asked_for()
    {
        Invoke("$null = New-CtrContainer a, b box:1 -Label one=1, two=2");
        Assert.Empty(Invoke("Set-CtrContainer a -Label @{ two = 'zwei'; three = 3 }").Values);
        Invoke("Set-CtrContainer a -Label x=1 -WhatIf");
        var changed = Invoke("Get-CtrContainer a, b | Set-CtrContainer -RemoveLabel one, never -PassThru").Values.Cast<Container>().ToDictionary(container => container.Id);
        Assert.Equal(new Dictionary<string, string> { ["two"] = "zwei", ["three"] = "3" }, changed["a"].Labels);
        Assert.Equal(new Dictionary<string, string> { ["two"] = "2" }, changed["b"].Labels);
        Assert.Empty(Invoke("Set-CtrContainer a @{ two = $null; three = '' } -PassThru").Single<Container>().Labels);
        AssertError("Set-CtrContainer a", "InvalidArgument", ErrorCategory.InvalidArgument, null);
        AssertError("Set-CtrContainer nobody -Label a=b", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        AssertError("Set-CtrContainer a -Label @{ a = 'x' * 5000 }", "InvalidArgument", ErrorCategory.InvalidArgument, "a");
    }

    [Fact]
    public async Task Piped_to_Remove_with_WhatIf_nothing_goes_and_with_Force_everything_does()
    {
        Invoke("$null = New-CtrContainer web1, web2, db box:1 sleep 600");
        await StartAsync("web1");

        Invoke("Get-CtrContainer web* | Remove-CtrContainer -Force -WhatIf");
        Assert.Equal(3, Invoke("Get-CtrContainer").Values.Count);
        Invoke("Get-CtrContainer web* | Remove-CtrContainer -Force");
        Assert.Equal("db", Invoke("Get-CtrContainer").Single<Container>().Id);
        Assert.DoesNotContain("web", await CtrAsync("tasks", "list") + await CtrAsync("snapshots", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Removing_a_running_container_is_an_error_that_tells_the_way_out()
    {
        Invoke("$null = New-CtrContainer web, other box:1 sleep 600");
        await StartAsync("web");
        var error = AssertError("Remove-CtrContainer web, other", "FailedPrecondition", ErrorCategory.InvalidOperation, "web");
        Assert.Contains("running", error.Exception.Message, StringComparison.Ordinal);
        Assert.Contains("force", error.Exception.Message, StringComparison.Ordinal);
        Assert.Equal(TaskState.Running, Invoke("Get-CtrContainer").Single<Container>().State);
        AssertError("Remove-CtrContainer nobody -Force", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        Assert.Empty(Invoke("Remove-CtrContainer zz*").Values);
        Invoke("Remove-CtrContainer w* -Force");
        Assert.Empty(Invoke("Get-CtrContainer").Values);
    }

    [Fact]
    public async Task The_snapshot_is_kept_where_that_is_asked_for()
    {
        Invoke("$null = New-CtrContainer keep, go box:1; Remove-CtrContainer keep -KeepSnapshot; Remove-CtrContainer go");
        var snapshots = await CtrAsync("snapshots", "list");
        Assert.Contains("keep", snapshots, StringComparison.Ordinal);
        Assert.DoesNotContain("go ", snapshots, StringComparison.Ordinal);
        await CtrAsync("snapshots", "remove", "keep");
    }

    [Fact]
    public void T32_the_container_of_another_owner_goes_by_force_with_a_warning()
    {
        Invoke("$null = New-CtrContainer hers box:1 -Label nerdctl/name=hers");
        AssertError("Remove-CtrContainer hers", "FailedPrecondition", ErrorCategory.InvalidOperation, "hers");
        var warning = Assert.Single(Invoke("Remove-CtrContainer hers -Force").Warnings);
        Assert.Contains("nerdctl", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fifty_running_containers_are_removed_side_by_side()
    {
        Invoke("$null = 1..50 | ForEach-Object { \"c$_\" } | New-CtrContainer -Image box:1 -Command sleep, 600");
        await Parallel.ForEachAsync(Enumerable.Range(1, 50), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (i, _) => await StartAsync($"c{i}"));
        Invoke("$null = Get-CtrContainer c1 | Remove-CtrContainer -Force");
        var clock = Stopwatch.StartNew();
        Invoke("Get-CtrContainer c2, c3, c4, c5, c6 | Remove-CtrContainer -Force -ThrottleLimit 1");
        var oneByOne = clock.Elapsed / 5;
        clock.Restart();
        Invoke("Get-CtrContainer c* | Remove-CtrContainer -Force");
        var sideBySide = clock.Elapsed / 44;
        Assert.Empty(Invoke("Get-CtrContainer").Values);
        Assert.True(sideBySide < oneByOne, $"One by one a container took {oneByOne.TotalMilliseconds:F0} ms, side by side {sideBySide.TotalMilliseconds:F0} ms.");
    }

    [Fact]
    public async Task Ctrl_C_while_making_many_returns_at_once_and_leaves_only_whole_containers()
    {
        var (result, took) = Module.InvokeAndStop(
            "1..2000 | ForEach-Object { \"c$_\" } | New-CtrContainer -Image box:1", output => output.Count >= 20);
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await AssertOnlyWholeContainersAsync();
        Assert.InRange(Invoke("Get-CtrContainer").Values.Count, 20, 1999);
        Assert.Equal("", await CtrAsync("leases", "list", "--quiet"));
    }

    [Fact]
    public async Task Ctrl_C_while_removing_many_returns_at_once_and_leaves_only_whole_containers()
    {
        Invoke("$null = 1..200 | ForEach-Object { \"c$_\" } | New-CtrContainer -Image box:1");
        var (result, took) = Module.InvokeAndStop(
            "foreach ($i in 1..200) { Remove-CtrContainer \"c$i\"; $i }", output => output.Count >= 20);
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        await AssertOnlyWholeContainersAsync();
        Assert.InRange(Invoke("Get-CtrContainer").Values.Count, 1, 180);
    }

    [Fact]
    public async Task A_container_brings_its_session_and_namespace_along()
    {
        var other = Server.NewNamespace();
        await Server.ImportTestImageAsync(new TestImage { Name = Image }, other);
        Invoke($"$null = New-CtrContainer same box:1; $null = New-CtrContainer same box:1 -Namespace {other} -Label where=other");
        Invoke($"Get-CtrContainer -Namespace {other} | Remove-CtrContainer");
        Assert.Equal(Namespace, Invoke($"Get-CtrContainer; Get-CtrContainer -Namespace {other}").Single<Container>().Namespace);
    }

    [Fact]
    public void Several_sessions_are_listed_at_once_and_one_that_fails_is_one_error()
    {
        Invoke("$null = New-CtrContainer web box:1");
        var result = Module.Invoke(
            $"$a = New-CtrSession {Server.Address} -Namespace {Namespace} -Name a; $b = New-CtrSession {Server.Address} -Namespace {Namespace} -Name b; Remove-CtrSession $b; Get-CtrContainer -Session (@(Get-CtrSession) + $b)");
        Assert.Equal(["NoServer"], result.Errors.Select(error => error.FullyQualifiedErrorId.Split(',')[0]));
        Assert.Equal(2, result.Values.Count);
    }

    [Theory]
    [InlineData("Get-CtrContainer w", "web1,web2")]
    [InlineData("Remove-CtrContainer -Id ", "db,web1,web2")]
    [InlineData("Set-CtrContainer d", "db")]
    [InlineData("New-CtrContainer x bo", "box:1")]
    [InlineData("New-CtrContainer x docker.io/l", "docker.io/library/box:1")]
    [InlineData("New-CtrContainer x box:1 -Snapshotter over", "overlayfs")]
    [InlineData("New-CtrContainer x box:1 -Runtime io.containerd.runc.v2", "io.containerd.runc.v2")]
    [InlineData("Get-CtrContainer -Session nobody -Id ", "")]
    [InlineData("Get-CtrContainer -Session fi", "first")]
    [InlineData("Remove-CtrSession ", "first,'the ''second'''")]
    [InlineData("Get-CtrContainer -Session first -Id d", "db")]
    public void Names_complete(string line, string completions)
    {
        Invoke($"Get-CtrSession | Remove-CtrSession; $null = New-CtrSession {Server.Address} -Namespace {Namespace} -Name first; $null = New-CtrSession {Server.Address} -Name \"the 'second'\"");
        Invoke("$null = New-CtrContainer db, web1, web2 box:1");
        var found = Invoke("foreach ($match in (TabExpansion2 $line $line.Length).CompletionMatches) { $match.CompletionText }", ("line", line)).Values.Cast<string>();
        Assert.Equal(completions, string.Join(',', found));
    }

    [Fact]
    public void A_server_that_is_not_there_completes_nothing_and_says_nothing()
    {
        using var fresh = new ModuleHost();
        var clock = Stopwatch.StartNew();
        var result = fresh.Invoke(
            "$env:CONTAINERD_ADDRESS = '/tmp/ctr-nobody-here.sock'; try { (TabExpansion2 'Get-CtrContainer web').CompletionMatches.Where({ $_.ResultType -eq 'ParameterValue' }) } finally { $env:CONTAINERD_ADDRESS = $null }").WithoutErrors();
        Assert.Empty(result.Values);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    /// <summary>Work that was under way when the pipeline was stopped ends by itself; then every container has its snapshot and the other way round.</summary>
    private async Task AssertOnlyWholeContainersAsync()
    {
        string[] containers = [], snapshots = [];
        for (var until = DateTime.UtcNow.AddSeconds(20); DateTime.UtcNow < until; await Task.Delay(50))
        {
            containers = [.. (await CtrAsync("containers", "list", "--quiet")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order()];
            snapshots = [.. (await CtrAsync("snapshots", "list")).Split('\n').Skip(1).Select(line => line.Split(' ')[0]).Where(key => key.StartsWith('c')).Order()];
            if (containers.SequenceEqual(snapshots))
                return;
        }

        Assert.Equal(containers, snapshots);
    }
}

public sealed class ContainerCommandTests16(Server16 server) : ContainerCommandTests(server), IClassFixture<Server16>;

public sealed class ContainerCommandTests17(Server17 server) : ContainerCommandTests(server), IClassFixture<Server17>;

public sealed class ContainerCommandTests2(Server2 server) : ContainerCommandTests(server), IClassFixture<Server2>;

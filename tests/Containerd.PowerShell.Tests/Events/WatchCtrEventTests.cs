using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Events;

public abstract class WatchCtrEventTests : IDisposable
{
    private readonly ContainerdServer _server;
    private readonly ModuleHost _module = new();

    protected WatchCtrEventTests(ContainerdServer server)
    {
        _server = server;
        _module.Invoke($"$null = New-CtrSession {server.Address} -Namespace {server.Namespace}").WithoutErrors();
    }

    [Fact]
    public void Events_arrive_while_they_happen_until_there_are_enough()
    {
        var other = _server.NewNamespace();
        var result = While("Watch-CtrEvent -AllNamespaces -Count 2 -Topic namespaces/* -Verbose", () => NamespaceComesAndGoesAsync(other));
        var events = result.WithoutErrors().Values.Cast<ContainerdEvent>().ToList();
        Assert.Equal([EventKind.NamespaceCreate, EventKind.NamespaceDelete], events.Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal(other, e.Id));
    }

    [Fact]
    public async Task A_container_is_watched_by_id_kind_and_topic()
    {
        var image = await _server.ImportTestImageAsync();
        var result = While(
            "Watch-CtrEvent -Id we* -Kind TaskExit, TaskStart -Topic /tasks/* -Count 2 -Verbose",
            async () =>
            {
                await _server.CtrAsync("run", "--rm", "--null-io", image, "other", "true");
                await _server.CtrAsync("run", "--rm", "--null-io", image, "web", "true");
            });
        Assert.Equal(["web TaskStart", "web TaskExit"], result.WithoutErrors().Values.Cast<ContainerdEvent>().Select(e => $"{e.ContainerId} {e.Kind}"));
    }

    [Fact]
    public void The_time_ends_it_without_an_error()
    {
        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Empty(_module.Invoke("Watch-CtrEvent -Topic /nothing -Timeout 1").WithoutErrors().Values);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.9, 30);
    }

    [Fact]
    public void Ctrl_C_ends_it_within_a_second_and_the_stream_with_it()
    {
        var (result, took) = _module.InvokeAndStop("Watch-CtrEvent", TimeSpan.FromSeconds(2));
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.Empty(result.Errors);
    }

    [Fact]
    public void A_filter_goes_to_the_server_and_a_wrong_one_is_an_error_about_the_session()
    {
        var other = _server.NewNamespace();
        var result = While(
            "Watch-CtrEvent -AllNamespaces -Filter 'topic==\"/namespaces/delete\"' -Count 1 -Verbose", () => NamespaceComesAndGoesAsync(other));
        Assert.Equal(EventKind.NamespaceDelete, result.WithoutErrors().Single<ContainerdEvent>().Kind);

        var error = _module.Invoke("Watch-CtrEvent -Filter 'topic==/tasks/exit'").SingleError();
        Assert.StartsWith("InvalidArgument", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.InvalidArgument, error.CategoryInfo.Category);
        Assert.IsType<Session>(error.TargetObject);
    }

    [Fact]
    public async Task T15_a_lost_connection_is_a_warning_and_it_goes_on()
    {
        var other = _server.NewNamespace();
        var running = Task.Run(() => _module.Invoke("Watch-CtrEvent -AllNamespaces -Topic /namespaces/create -Count 1"));
        await Task.Delay(3000);
        await _server.KillAsync();
        await Task.Delay(500);
        await _server.RestartAsync();
        for (var i = 0; !running.IsCompleted && i < 60; i++)
        {
            await _server.CtrAsync("namespaces", "create", $"{other}-{i}");
            await Task.WhenAny(running, Task.Delay(500));
        }

        var result = (await running).WithoutErrors();
        Assert.Equal(EventKind.NamespaceCreate, result.Single<ContainerdEvent>().Kind);
        Assert.Contains("was lost", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_script_runs_when_the_subscription_stands_so_that_nothing_is_missed()
    {
        var (first, second) = (_server.NewNamespace(), _server.NewNamespace());
        var create = $"& '{_server.CtrPath}' --address {_server.Address} namespaces create";
        var result = _module.Invoke(
            $"Watch-CtrEvent -AllNamespaces -Topic /namespaces/create -Count 2 -ScriptBlock {{ 'stands'; {create} {first}; {create} {second} }} | ForEach-Object {{ \"$($_.Id ?? $_)\" }}")
            .WithoutErrors();
        Assert.Equal(["stands", first, second], result.Values);
        Assert.Single(_module.Invoke("Watch-CtrEvent -Filter 'wrong==/' -ScriptBlock { throw 'never' }").Errors);
    }

    [Fact]
    public void Several_sessions_are_watched_at_once_and_count_together()
    {
        var name = _server.NewNamespace();
        var result = _module.Invoke(
            $"$two = New-CtrSession {_server.Address} -Name second; Watch-CtrEvent -Session (Get-CtrSession) -AllNamespaces -Kind NamespaceCreate -Count 2 -ScriptBlock {{ & '{_server.CtrPath}' --address {_server.Address} namespaces create {name} }}")
            .WithoutErrors();
        Assert.Equal([name, name], result.Values.Cast<ContainerdEvent>().Select(e => e.Id));
        Assert.Equal(2, result.Values.Cast<ContainerdEvent>().Select(e => e.Session).Distinct().Count());
    }

    [Fact]
    public void Topics_complete() => Assert.Equal(
        ["/tasks/exit", "/tasks/exec-added", "/tasks/exec-started"],
        _module.Invoke("(TabExpansion2 'Watch-CtrEvent -Topic tasks/e' 29).CompletionMatches.CompletionText").WithoutErrors().Values);

    public void Dispose()
    {
        _module.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Runs a script that says with -Verbose that it watches, and then does something.</summary>
    private ScriptResult While(string script, Func<Task> act)
    {
        var happening = Task.Run(async () =>
        {
            // What happens before the subscription stands is not heard, so the script has to say that it does.
            await Watching.WaitAsync(TimeSpan.FromSeconds(60));
            await act();
        });
        var result = _module.Invoke($"{script} 4>&1 | ForEach-Object {{ if ($_ -is [Management.Automation.VerboseRecord]) {{ $null = $watching.Release() }} else {{ $_ }} }}", ("watching", Watching));
        happening.GetAwaiter().GetResult();
        return result;
    }

    private SemaphoreSlim Watching { get; } = new(0);

    private async Task NamespaceComesAndGoesAsync(string name)
    {
        await _server.CtrAsync("namespaces", "create", name);
        await _server.CtrAsync("namespaces", "remove", name);
    }
}

public sealed class WatchCtrEventTests16(Server16 server) : WatchCtrEventTests(server), IClassFixture<Server16>;

public sealed class WatchCtrEventTests17(Server17 server) : WatchCtrEventTests(server), IClassFixture<Server17>;

public sealed class WatchCtrEventTests2(Server2 server) : WatchCtrEventTests(server), IClassFixture<Server2>;

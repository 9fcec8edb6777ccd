using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Events;

public abstract class RegisterCtrEventTests : IDisposable
{
    // The bare engine does not have these cmdlets; the real ones, on pwsh, are in tests/Pester.
    private const string EventFunctions =
        """
        function Get-EventSubscriber([switch] $Force) { $ExecutionContext.Events.Subscribers.Where{ $Force -or -not $_.SupportEvent } }
        function Unregister-Event($SourceIdentifier) { foreach ($s in @($ExecutionContext.Events.GetEventSubscribers($SourceIdentifier))) { $ExecutionContext.Events.UnsubscribeEvent($s) } }
        function Get-Event($SourceIdentifier) { @($ExecutionContext.Events.ReceivedEvents).Where{ $_.SourceIdentifier -eq $SourceIdentifier } }
        function Wait($Condition) { $until = [DateTime]::UtcNow.AddSeconds(60); while (-not (& $Condition) -and [DateTime]::UtcNow -lt $until) { [Threading.Thread]::Sleep(20) } }
        """;

    private readonly ContainerdServer _server;
    private readonly ModuleHost _module = new();
    private readonly SemaphoreSlim _registered = new(0);
    private readonly SemaphoreSlim _created = new(0);

    protected RegisterCtrEventTests(ContainerdServer server)
    {
        _server = server;
        _module.Invoke(EventFunctions).WithoutErrors();
        _module.Invoke($"$s = New-CtrSession {server.Address} -Namespace {server.Namespace}").WithoutErrors();
    }

    [Fact]
    public async Task An_action_runs_for_every_event_in_order_with_event_sender_and_message_data()
    {
        var job = _module.Invoke(
            """
            $seen = [Collections.Generic.List[object]]::new()
            Register-CtrEvent /namespaces/* -AllNamespaces -SourceIdentifier ns -MessageData $seen -Action {
                $Event.MessageData.Add("$($EventArgs.Event.Kind) $($EventArgs.Event.Id) $($Sender.Name) $($args.Count)"); 'output'
            }
            """).WithoutErrors().Single<PSEventJob>();
        Assert.Equal("ns", job.Name);
        var names = Enumerable.Range(0, 10).Select(_ => _server.NewNamespace()).ToList();
        foreach (var name in names)
            await _server.CtrAsync("namespaces", "create", name);
        var seen = _module.Invoke("Wait { $seen.Count -ge 10 }; $seen; (Get-Job ns | Receive-Job).Count").WithoutErrors().Values;
        Assert.Equal([.. names.Select(n => $"NamespaceCreate {n} {_module.Invoke("$s.Name").Values[0]} 2"), 10], seen);
        Assert.Single(_module.Invoke("Get-EventSubscriber").Values);
        Assert.Empty(_module.Invoke("Unregister-Event ns; Get-EventSubscriber -Force").Errors);
        await UntilNothingIsSubscribedAsync();
    }

    [Fact]
    public async Task An_action_runs_at_an_idle_prompt_and_not_after_Unregister_Event()
    {
        _module.Invoke("$script:seen = @(); $null = Register-CtrEvent -AllNamespaces -Kind NamespaceCreate -SourceIdentifier idle -Action { $global:seen = @($global:seen) + $EventArgs.Event.Id }").WithoutErrors();
        var (first, second) = (_server.NewNamespace(), _server.NewNamespace());
        await _server.CtrAsync("namespaces", "create", first);
        await Task.Delay(2000);
        Assert.Equal([first], _module.Invoke("$global:seen").WithoutErrors().Values);
        _module.Invoke("Unregister-Event idle").WithoutErrors();
        await UntilNothingIsSubscribedAsync();
        await _server.CtrAsync("namespaces", "create", second);
        await Task.Delay(500);
        Assert.Equal([first], _module.Invoke("$global:seen").WithoutErrors().Values);
    }

    [Fact]
    public async Task Without_an_action_events_wait_to_be_fetched()
    {
        Assert.Empty(_module.Invoke("Register-CtrEvent -AllNamespaces -Kind NamespaceCreate, NamespaceDelete -SourceIdentifier queue").WithoutErrors().Values);
        var name = _server.NewNamespace();
        await _server.CtrAsync("namespaces", "create", name);
        await _server.CtrAsync("namespaces", "remove", name);
        var result = _module.Invoke(
            "Wait { @(Get-Event queue).Count -ge 2 }; Get-Event queue | ForEach-Object { \"$($_.SourceEventArgs.Event.Kind) $($_.SourceEventArgs.Event.Id)\" }; Unregister-Event queue").WithoutErrors();
        Assert.Equal([$"NamespaceCreate {name}", $"NamespaceDelete {name}"], result.Values);
        await UntilNothingIsSubscribedAsync();
    }

    [Fact]
    public async Task It_ends_after_as_many_events_as_wanted()
    {
        _module.Invoke("$null = Register-CtrEvent -AllNamespaces -Kind NamespaceCreate -SourceIdentifier twice -MaxTriggerCount 2 -Action { $EventArgs.Event.Id }; $job = Get-Job twice").WithoutErrors();
        for (var i = 0; i < 4; i++)
            await _server.CtrAsync("namespaces", "create", _server.NewNamespace());
        var result = _module.Invoke("$null = Wait-Job $job -Timeout 60; @(Receive-Job $job).Count; @(Get-EventSubscriber -Force).Count").WithoutErrors();
        Assert.Equal([2, 0], result.Values);
        await UntilNothingIsSubscribedAsync();
    }

    [Fact]
    public async Task An_action_may_end_its_own_subscription_while_more_events_wait()
    {
        // While the engine sleeps no action runs. With two events in its own queue it would hang for ever in Unregister-Event.
        var running = Task.Run(() => _module.Invoke(
            """
            $global:once = 0
            $null = Register-CtrEvent -AllNamespaces -Kind NamespaceCreate -SourceIdentifier once -Action { Unregister-Event once; $global:once++ }
            $null = $registered.Release()
            $null = $created.Wait(60000)
            """,
            ("registered", _registered), ("created", _created)));
        await _registered.WaitAsync(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 3; i++)
            await _server.CtrAsync("namespaces", "create", _server.NewNamespace());
        _created.Release();
        (await running.WaitAsync(TimeSpan.FromSeconds(60))).WithoutErrors();
        await UntilNothingIsSubscribedAsync();
        Assert.Equal(1, _module.Invoke("$global:once").WithoutErrors().Single<int>());
    }

    [Fact]
    public async Task Many_events_come_in_order_and_all_of_them()
    {
        var name = _server.NewNamespace();
        _module.Invoke("$global:seen = [Collections.Generic.List[string]]::new(); $null = Register-CtrEvent /namespaces/update -AllNamespaces -SourceIdentifier many -Action { $seen.Add($EventArgs.Event.Data['Labels']['n']) }").WithoutErrors();
        await _server.CtrAsync("namespaces", "create", name);
        for (var i = 0; i < 200; i++)
            await _server.CtrAsync("namespaces", "label", name, $"n={i}");
        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"{i}"), _module.Invoke("Wait { $seen.Count -ge 200 }; $seen; Unregister-Event many").WithoutErrors().Values);
        await UntilNothingIsSubscribedAsync();
    }

    [Fact]
    public void An_identifier_in_use_is_an_error_and_leaves_the_other_alone()
    {
        var result = _module.Invoke("Register-CtrEvent -SourceIdentifier same; Register-CtrEvent -SourceIdentifier SAME; @(Get-EventSubscriber).Count");
        var error = result.SingleError();
        Assert.StartsWith("IdInUse", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ResourceExists, "SAME"), (error.CategoryInfo.Category, error.TargetObject));
        Assert.Single(_module.Invoke("Get-EventSubscriber").Values);
    }

    [Fact]
    public void A_wrong_filter_leaves_no_subscription()
    {
        var error = _module.Invoke("Register-CtrEvent -SourceIdentifier wrong -Filter 'topic==/x'").SingleError();
        Assert.StartsWith("InvalidArgument", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.InvalidArgument, "wrong"), (error.CategoryInfo.Category, error.TargetObject));
        Assert.Empty(_module.Invoke("Get-EventSubscriber -Force").WithoutErrors().Values);
    }

    [Fact]
    public void Closing_the_session_ends_it_and_a_warning_says_why()
    {
        var result = _module.Invoke(
            """
            $job = Register-CtrEvent -SourceIdentifier closing -Action { }
            $s | Remove-CtrSession
            $null = Wait-Job $job -Timeout 60
            @(Get-EventSubscriber -Force).Count
            (Get-Event closing.Warning).SourceArgs[0]
            """).WithoutErrors();
        Assert.Equal(0, result.Values[0]);
        Assert.Contains("closed", Assert.IsType<string>(result.Values[1]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task T15_a_restart_of_containerd_does_not_end_it()
    {
        _module.Invoke("Register-CtrEvent -AllNamespaces -Kind NamespaceCreate -SourceIdentifier restart").WithoutErrors();
        await _server.KillAsync();
        await _server.RestartAsync();
        for (var i = 0; i < 60 && _module.Invoke("Get-Event restart").Values.Count == 0; i++)
        {
            await _server.CtrAsync("namespaces", "create", _server.NewNamespace());
            await Task.Delay(250);
        }

        Assert.NotEmpty(_module.Invoke("Get-Event restart").WithoutErrors().Values);
        Assert.Contains("was lost", Assert.Single(_module.Invoke("Get-Event restart.Warning | ForEach-Object { $_.SourceArgs[0] }").WithoutErrors().Values).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_runspace_that_closes_takes_its_subscriptions_along()
    {
        using (var other = new ModuleHost())
        {
            other.Invoke($"$null = New-CtrSession {_server.Address} -Namespace {_server.Namespace} -Name other; $null = Register-CtrEvent -Action {{ 1 }} -AllNamespaces").WithoutErrors();
            await _server.CtrAsync("namespaces", "create", _server.NewNamespace());
        }

        await _server.CtrAsync("namespaces", "create", _server.NewNamespace());
        Assert.Empty(_module.Invoke("Get-CtrVersion").Errors);
    }

    public void Dispose()
    {
        _module.Dispose();
        _registered.Dispose();
        _created.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task UntilNothingIsSubscribedAsync()
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); ; await Task.Delay(50))
        {
            if (_module.Invoke("Get-EventSubscriber -Force").WithoutErrors().Values.Count == 0)
                return;
            Assert.True(DateTime.UtcNow < until, "a subscription is left after 30 s");
        }
    }
}

public sealed class RegisterCtrEventTests16(Server16 server) : RegisterCtrEventTests(server), IClassFixture<Server16>;

public sealed class RegisterCtrEventTests17(Server17 server) : RegisterCtrEventTests(server), IClassFixture<Server17>;

public sealed class RegisterCtrEventTests2(Server2 server) : RegisterCtrEventTests(server), IClassFixture<Server2>;

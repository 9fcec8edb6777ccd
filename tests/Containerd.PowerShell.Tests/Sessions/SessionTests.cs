using System.Diagnostics;
using System.Management.Automation;
using System.Net.Sockets;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Sessions;

public abstract class SessionTests(ContainerdServer server) : IDisposable
{
    private readonly ModuleHost _module = new();

    [Fact]
    public void A_session_says_where_it_goes_and_the_first_is_the_default()
    {
        var result = _module.Invoke($"$s = New-CtrSession {server.Address} -Namespace one -Name first; $s; New-CtrSession unix://{server.Address} -Namespace two; (Get-CtrVersion).Session").WithoutErrors();
        var first = (Session)result.Values[0];
        var second = (Session)result.Values[1];
        Assert.Equal(("first", "one", "unix://" + server.Address, true), (first.Name, first.Namespace, first.Address, first.IsLocal));
        Assert.Equal("two", second.Namespace);
        Assert.NotEqual(first.Id, second.Id);
        Assert.Same(first, result.Values[2]);
    }

    [Fact]
    public void The_default_session_comes_from_the_environment()
    {
        var version = _module.Invoke(
            $"$env:CONTAINERD_ADDRESS = '{server.Address}'; $env:CONTAINERD_NAMESPACE = 'fromenv'; try {{ Get-CtrVersion }} finally {{ $env:CONTAINERD_ADDRESS = $null; $env:CONTAINERD_NAMESPACE = $null }}")
            .WithoutErrors().Single<ServerVersion>();
        Assert.Equal("fromenv", version.Namespace);
        Assert.Equal("unix://" + server.Address, version.Session.Address);
    }

    [Fact]
    public void Sessions_are_found_by_name_number_and_wildcard()
    {
        var result = _module.Invoke(
            $"$a = New-CtrSession {server.Address} -Name alpha; $b = New-CtrSession {server.Address} -Name beta;" +
            "(Get-CtrVersion -Session beta).Session.Name; (Get-CtrVersion -Session $b.Id).Session.Name; Get-CtrSession a* | ForEach-Object Name; @(Get-CtrSession zz*).Count").WithoutErrors();
        Assert.Equal(["beta", "beta", "alpha", 0], result.Values);
    }

    [Fact]
    public void A_session_that_is_not_there_is_an_error_about_its_name()
    {
        var error = _module.Invoke("Get-CtrSession nobody").SingleError();
        Assert.StartsWith("NoSuchSession", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ObjectNotFound, "nobody"), (error.CategoryInfo.Category, error.TargetObject));
    }

    [Fact]
    public void Several_sessions_are_asked_at_once_and_a_closed_one_is_one_error()
    {
        var result = _module.Invoke(
            $"$s = 1..3 | ForEach-Object {{ New-CtrSession {server.Address} }}; Remove-CtrSession $s[1]; Get-CtrVersion -Session $s");
        Assert.Equal(5 - 3, result.Values.Count);
        var error = result.SingleError();
        Assert.StartsWith("NoServer", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ConnectionError, error.CategoryInfo.Category);
        Assert.Equal(SessionState.Closed, Assert.IsType<Session>(error.TargetObject).State);
    }

    [Fact]
    public void All_sessions_can_be_piped_away_and_WhatIf_keeps_them()
    {
        var result = _module.Invoke(
            $"$null = 1..3 | ForEach-Object {{ New-CtrSession {server.Address} }}; Get-CtrSession | Remove-CtrSession -WhatIf; @(Get-CtrSession).Count; Get-CtrSession | Remove-CtrSession; @(Get-CtrSession).Count").WithoutErrors();
        Assert.Equal([3, 0], result.Values);
    }

    [Fact]
    public void No_daemon_is_a_connection_error_after_the_timeout()
    {
        var clock = Stopwatch.StartNew();
        var error = _module.Invoke("New-CtrSession /tmp/ctr-nobody-here.sock -ConnectTimeout 0.5").SingleError();
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(5));
        Assert.StartsWith("NoServer", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ConnectionError, "/tmp/ctr-nobody-here.sock"), (error.CategoryInfo.Category, error.TargetObject));
        Assert.Contains("/tmp/ctr-nobody-here.sock", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whether_a_server_serves_is_an_answer_also_where_there_is_none()
    {
        const string Script = "$env:CONTAINERD_ADDRESS = '{0}'; try {{ Test-CtrServer -Timeout 0.5 }} finally {{ $env:CONTAINERD_ADDRESS = $null }}";
        var none = _module.Invoke(string.Format(System.Globalization.CultureInfo.InvariantCulture, Script, "/tmp/ctr-nobody-here.sock")).WithoutErrors().Single<ServerHealth>();
        Assert.Equal((false, "unix:///tmp/ctr-nobody-here.sock"), (none.IsServing, none.Address));
        Assert.Contains("no such socket", none.Error, StringComparison.Ordinal);
        var some = _module.Invoke(string.Format(System.Globalization.CultureInfo.InvariantCulture, Script, server.Address)).WithoutErrors().Single<ServerHealth>();
        Assert.True(some.IsServing);
    }

    [Fact]
    public async Task A_daemon_that_comes_up_later_is_waited_for()
    {
        var link = $"{server.Directory}/late.sock";
        var running = Task.Run(() => _module.Invoke($"(New-CtrSession {link} -ConnectTimeout 20).Address"));
        Assert.NotSame(running, await Task.WhenAny(running, Task.Delay(500)));
        File.CreateSymbolicLink(link, server.Address);
        Assert.Equal("unix://" + link, (await running).WithoutErrors().Single<string>());
    }

    [Fact]
    public void Ctrl_C_while_connecting_returns_within_a_second()
    {
        var (result, took) = _module.InvokeAndStop("New-CtrSession /tmp/ctr-nobody-here.sock -ConnectTimeout 60", TimeSpan.FromMilliseconds(300));
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_server_that_accepts_and_never_answers_is_given_up()
    {
        var path = $"{server.Directory}/mute.sock";
        using var mute = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        mute.Bind(new UnixDomainSocketEndPoint(path));
        mute.Listen();
        var clock = Stopwatch.StartNew();
        var error = _module.Invoke($"New-CtrSession {path} -ConnectTimeout 0.5").SingleError();
        Assert.StartsWith("NoServer", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(0.4), TimeSpan.FromSeconds(6));
    }

    [Theory]
    [InlineData("not-a-path")]
    [InlineData("tcp://1.2.3.4:5")]
    [InlineData("npipe://server/pipe/x")]
    public void An_illegal_address_says_what_is_allowed(string address)
    {
        var error = _module.Invoke($"New-CtrSession '{address}'").SingleError();
        Assert.StartsWith("InvalidArgument", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.InvalidArgument, address), (error.CategoryInfo.Category, error.TargetObject));
        Assert.Contains("unix:///", error.Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_outlives_a_restart_of_its_server()
    {
        _module.Invoke($"$s = New-CtrSession {server.Address}; Get-CtrVersion").WithoutErrors();
        await server.KillAsync();
        Assert.False(_module.Invoke("Test-CtrServer -Quiet -Timeout 1").WithoutErrors().Single<bool>());
        await server.RestartAsync();
        Assert.True(_module.Invoke("Test-CtrServer -Quiet").WithoutErrors().Single<bool>());
        Assert.Single(_module.Invoke("Get-CtrVersion").WithoutErrors().Values);
    }

    [Fact]
    public async Task The_version_plugins_and_health_are_what_ctr_says()
    {
        _module.Invoke($"$null = New-CtrSession {server.Address} -Namespace default").WithoutErrors();
        var version = _module.Invoke("Get-CtrVersion").WithoutErrors().Single<ServerVersion>();
        Assert.Contains(version.Version, await server.CtrAsync("version"), StringComparison.Ordinal);
        Assert.NotEmpty(version.Uuid);
        var overlay = _module.Invoke("Get-CtrPlugin overlayfs -Type *snapshotter*").WithoutErrors().Single<Plugin>();
        Assert.Equal(("io.containerd.snapshotter.v1", true), (overlay.Type, overlay.IsReady));
        Assert.Equal(["linux/amd64"], overlay.Platforms);
        Assert.True(_module.Invoke("Test-CtrServer").WithoutErrors().Single<ServerHealth>().IsServing);
        Assert.Contains(_module.Invoke("Get-CtrPlugin | Where-Object Error").WithoutErrors().Values, p => ((Plugin)p).Error is { Length: > 0 });
    }

    public void Dispose()
    {
        _module.Dispose();
        GC.SuppressFinalize(this);
    }
}

public sealed class SessionTests16(Server16 server) : SessionTests(server), IClassFixture<Server16>;

public sealed class SessionTests17(Server17 server) : SessionTests(server), IClassFixture<Server17>;

public sealed class SessionTests2(Server2 server) : SessionTests(server), IClassFixture<Server2>;

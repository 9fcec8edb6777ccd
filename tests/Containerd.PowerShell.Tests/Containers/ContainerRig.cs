using System.Management.Automation;
using System.Runtime.CompilerServices;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Containers;

/// <summary>A runspace with the module, a session to a private server, and an image there. The containers go with the test.</summary>
public abstract class ContainerRig(ContainerdServer server) : IAsyncLifetime
{
    protected const string Image = "docker.io/library/box:1";

    private static readonly ConditionalWeakTable<ContainerdServer, Task<string>> s_images = [];

    protected ContainerdServer Server => server;

    protected ModuleHost Module { get; } = new();

    /// <summary>The containerd namespace of the tests: one after the other they have it for themselves.</summary>
    protected string Namespace => Server.Namespace;

    public async ValueTask InitializeAsync()
    {
        await s_images.GetValue(Server, to => to.ImportTestImageAsync(new TestImage { Name = Image }));
        Invoke($"$null = New-CtrSession {Server.Address} -Namespace {Namespace}");
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Module.Invoke("Get-CtrContainer | Remove-CtrContainer -Force -WarningAction Ignore");
        Module.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs a script that must have no errors.</summary>
    protected ScriptResult Invoke(string script, params (string Name, object? Value)[] variables) => Module.Invoke(script, variables).WithoutErrors();

    /// <summary>Runs a script that must have one error, and checks what scripts rely on.</summary>
    protected ErrorRecord AssertError(string script, string id, ErrorCategory category, object? target)
    {
        var error = Module.Invoke(script).SingleError();
        Assert.Equal((id, category, target), (error.FullyQualifiedErrorId.Split(',')[0], error.CategoryInfo.Category, error.TargetObject));
        return error;
    }

    /// <summary>What another client sees.</summary>
    protected Task<string> CtrAsync(params string[] arguments) => Server.CtrAsync(["--namespace", Namespace, .. arguments]);

    /// <summary>Starts a container that was made, in the background.</summary>
    protected Task StartAsync(string id) => CtrAsync("tasks", "start", "--detach", "--null-io", id);
}

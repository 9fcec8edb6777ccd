using System.Diagnostics;
using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Images;

/// <summary>The module with a session to a private server, in a namespace that only the test has, and files for it.</summary>
public abstract class ImageCommandRig : IDisposable
{
    protected ImageCommandRig(ContainerdServer server)
    {
        Server = server;
        Namespace = server.NewNamespace();
        Files = Directory.CreateDirectory(Path.Combine(server.TempDirectory, Guid.NewGuid().ToString("N"))).FullName;
        Invoke($"$null = New-CtrSession {server.Address} -Namespace {Namespace} -Name images; $null = $ExecutionContext.SessionState.Path.SetLocation('{Files}')");
    }

    protected ContainerdServer Server { get; }

    protected string Namespace { get; }

    protected ModuleHost Module { get; } = new();

    /// <summary>The directory that is the script's current one.</summary>
    protected string Files { get; }

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Module.Dispose();
    }

    protected ScriptResult Invoke(string script) => Module.Invoke(script).WithoutErrors();

    protected void AssertError(string script, string id, ErrorCategory category, object? target)
    {
        var error = Module.Invoke(script).SingleError();
        Assert.Equal(id, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal((category, target), (error.CategoryInfo.Category, error.TargetObject));
    }

    /// <summary>Writes an archive into the current directory.</summary>
    protected string Save(string name, TestImage image) => Save(name, image.ToOciLayoutTar());

    protected string Save(string name, byte[] bytes)
    {
        var path = Path.Combine(Files, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>What ctr sees of everything that an import makes.</summary>
    protected async Task<string> InventoryAsync()
    {
        var (images, content) = (await CtrAsync("images", "list", "--quiet"), await CtrAsync("content", "list", "--quiet"));
        return string.Join('|', images, content, await CtrAsync("content", "active"), await CtrAsync("snapshots", "list"), await CtrAsync("leases", "list", "--quiet"));
    }

    /// <summary>Waits until the server's garbage collection has made the inventory what it should be.</summary>
    protected async Task UntilInventoryIsAsync(string expected)
    {
        string found = "";
        for (var waited = Stopwatch.StartNew(); waited.Elapsed < TimeSpan.FromSeconds(20); await Task.Delay(100))
        {
            if ((found = await InventoryAsync()) == expected)
                return;
        }

        Assert.Equal(expected, found);
    }

    protected Task<string> CtrAsync(params string[] arguments) => Server.CtrAsync(["--namespace", Namespace, .. arguments]);
}

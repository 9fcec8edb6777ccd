using System.Reflection;
using Containerd.PowerShell.Tests.EngineHost;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Module;

/// <summary>What else is in the process must not matter to the module, and the module not to it.</summary>
public sealed class AssemblyLoadingTests(Server17 server) : IClassFixture<Server17>, IDisposable
{
    private readonly string _script = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".ps1");

    public void Dispose() => File.Delete(_script);

    [Fact]
    public async Task A_session_that_holds_an_older_protobuf_keeps_it_and_the_module_works_with_its_own()
    {
        var older = Assembly.GetExecutingAssembly().GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "OlderProtobuf").Value!;
        Assert.True(File.Exists(older), older);

        var (output, error, _) = await EngineProcess.RunAsync(
            _script,
            $$"""
            $older = [Reflection.Assembly]::LoadFrom('{{older}}')
            Import-Module '{{Repository.PathOf("Containerd.psd1")}}'
            $null = New-CtrSession {{server.Address}}
            (Get-CtrVersion).Version
            foreach ($assembly in [AppDomain]::CurrentDomain.GetAssemblies()) {
                $name = $assembly.GetName()
                if ($name.Name -in 'Google.Protobuf', 'Containerd.Client') { "$($name.Name) $($name.Version) in $([Runtime.Loader.AssemblyLoadContext]::GetLoadContext($assembly).Name)" }
            }
            [Google.Protobuf.ByteString].Assembly -eq $older
            [Containerd.Container].FullName
            """);

        Assert.Equal("", error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("1.7", lines[0], StringComparison.Ordinal);
        Assert.Contains("Google.Protobuf 3.15.6.0 in Default", lines);
        Assert.Contains(lines, line => line.StartsWith("Google.Protobuf 3.35", StringComparison.Ordinal) && line.EndsWith("in Containerd", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("Containerd.Client", StringComparison.Ordinal) && line.EndsWith("in Containerd", StringComparison.Ordinal));
        Assert.Equal(["True", "Containerd.Container"], lines[^2..]);
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task A_socket_without_permission_is_an_error_of_that_kind_at_once()
    {
        File.SetUnixFileMode(server.Address, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var (output, error, _) = await EngineProcess.RunAsync(
            _script,
            $$"""
            Import-Module '{{Repository.PathOf("Containerd.psd1")}}'
            try { New-CtrSession {{server.Address}} -ConnectTimeout 30 -ErrorAction Stop }
            catch { $_.FullyQualifiedErrorId; "$($_.CategoryInfo.Category)"; $_.TargetObject; $_.Exception.GetType().FullName; $_.Exception.Message }
            """,
            user: 65534);

        Assert.Equal("", error);
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.StartsWith("PermissionDenied,", lines[0], StringComparison.Ordinal);
        Assert.Equal(["PermissionDenied", server.Address, "Containerd.ConnectionException"], lines[1..4]);
        Assert.Contains("run as root", lines[4], StringComparison.Ordinal);
    }

    [Fact]
    public void The_module_can_be_removed_and_imported_again_and_its_sessions_are_closed()
    {
        using var module = new ModuleHost();
        var manifest = Repository.PathOf("Containerd.psd1");
        var result = module.Invoke(
            $"$s = New-CtrSession {server.Address}; Remove-Module Containerd; \"$($s.State)\"; Import-Module '{manifest}'; @(Get-CtrSession).Count; (New-CtrSession {server.Address}).State").WithoutErrors();
        Assert.Equal(["Closed", 0, SessionState.Open], result.Values);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using Containerd.PowerShell.Tests.EngineHost;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Servers;

/// <summary>Start-CtrServer and Stop-CtrServer, with the containerd of this machine and with another generation's.</summary>
public sealed class PrivateServerCommandTests : IDisposable
{
    private static readonly string Servers = Environment.GetEnvironmentVariable("CTR_SERVERS") is { Length: > 0 } set ? set : "/opt/ctr-servers";

    private readonly ModuleHost _module = new();
    private readonly string _script = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".ps1");

    public void Dispose()
    {
        _module.Dispose();
        File.Delete(_script);
    }

    [Theory]
    [InlineData("bookworm", "1.6")]
    [InlineData("trixie", "1.7")]
    [InlineData("sid", "2.")]
    public async Task A_server_of_any_generation_runs_and_leaves_nothing_not_even_of_a_paused_container(string suite, string version)
    {
        var server = _module.Invoke($"Start-CtrServer -Path {Servers}/{suite}/bin").WithoutErrors().Single<Server>();
        var socket = server.Address["unix://".Length..];
        var archive = Path.Combine(server.Directory, "image.tar");
        var image = new TestImage();
        await File.WriteAllBytesAsync(archive, image.ToOciLayoutTar());
        var task = _module.Invoke(
            "$null = $server | New-CtrSession; $null = Import-CtrImage $archive; New-CtrContainer c -Image $image -Command sleep, 600 | Start-CtrTask; Suspend-CtrTask c",
            ("server", server), ("archive", archive), ("image", image.Name)).WithoutErrors().Single<ContainerTask>();

        Assert.StartsWith(version, server.Version, StringComparison.Ordinal);
        Assert.True(File.Exists(socket));
        Assert.True(Directory.Exists($"/proc/{task.Pid}"));
        Assert.True(File.Exists(server.LogPath));

        _module.Invoke("$server | Stop-CtrServer").WithoutErrors();

        Assert.False(Directory.Exists(server.Directory));
        Assert.False(IsAlive(server.Pid) || IsAlive(server.GuardPid) || IsAlive(task.Pid));
        Assert.DoesNotContain(server.Directory, await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/run/containerd/runc/{server.Namespace}"));
        var error = _module.Invoke("$server | Stop-CtrServer").SingleError();
        Assert.StartsWith("NoSuchServer,", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal((ErrorCategory.ObjectNotFound, server.Address), (error.CategoryInfo.Category, error.TargetObject));
    }

    [Fact]
    public async Task It_dies_with_the_process_that_started_it_however_that_dies()
    {
        using var process = EngineProcess.Start(
            _script, $"Import-Module '{Repository.PathOf("Containerd.psd1")}'; $s = Start-CtrServer; \"$($s.Pid) $($s.GuardPid) $($s.Directory)\"; while ($true) {{ [Threading.Thread]::Sleep(1000) }}");
        var words = (await process.StandardOutput.ReadLineAsync())!.Split(' ');
        var (daemon, guard) = (int.Parse(words[0], CultureInfo.InvariantCulture), int.Parse(words[1], CultureInfo.InvariantCulture));
        Assert.True(IsAlive(daemon) && IsAlive(guard));

        process.Kill();

        await UntilAsync(() => !IsAlive(daemon) && !IsAlive(guard) && !Directory.Exists(words[2]));
    }

    [Fact]
    public async Task A_detached_one_goes_on_and_is_stopped_by_its_address_from_anywhere()
    {
        var (output, error, _) = await EngineProcess.RunAsync(
            _script, $"Import-Module '{Repository.PathOf("Containerd.psd1")}'; (Start-CtrServer -Detach).Address");
        Assert.Equal("", error);
        var address = output.Trim();

        Assert.True(_module.Invoke("$null = New-CtrSession $address; Test-CtrServer -Quiet", ("address", address)).WithoutErrors().Single<bool>());
        _module.Invoke("Stop-CtrServer $address").WithoutErrors();

        Assert.False(Directory.Exists(Path.GetDirectoryName(address["unix://".Length..])));
    }

    [Fact]
    public void What_is_no_place_for_a_server_is_refused()
    {
        var nothing = _module.Invoke("Start-CtrServer -Path /nowhere").SingleError();
        Assert.StartsWith("NoSuchFile,", nothing.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(ErrorCategory.ObjectNotFound, nothing.CategoryInfo.Category);

        var full = _module.Invoke("Start-CtrServer -Directory /usr").SingleError();
        Assert.StartsWith("InvalidArgument,", full.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Contains("not empty", full.Exception.Message, StringComparison.Ordinal);

        Assert.Empty(_module.Invoke("Start-CtrServer -WhatIf").WithoutErrors().Output);
    }

    [Fact]
    public void A_daemon_that_does_not_come_up_says_what_its_log_says_and_leaves_nothing()
    {
        var directory = Path.Combine(Path.GetTempPath(), "ctr-broken-" + Guid.NewGuid().ToString("N")[..8]);
        var program = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")[..8]);
        File.WriteAllText(program, "#!/bin/sh\necho level=fatal msg=broken >&2\nexit 1\n");
        using (Process.Start("chmod", ["+x", program]))
        {
        }

        try
        {
            var error = _module.Invoke("Start-CtrServer -Path $program -Directory $directory -Timeout 20", ("program", program), ("directory", directory)).SingleError();
            Assert.Contains("broken", error.Exception.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(directory));
        }
        finally
        {
            File.Delete(program);
        }
    }

    [Fact]
    public void Ctrl_C_while_starting_leaves_nothing()
    {
        var before = Directory.GetDirectories(Path.GetTempPath(), "ctr-stop-*").Length;
        var directory = Path.Combine(Path.GetTempPath(), "ctr-stop-" + Guid.NewGuid().ToString("N")[..8]);
        var program = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N")[..8]);
        File.WriteAllText(program, "#!/bin/sh\nexec sleep 1000\n");
        using (Process.Start("chmod", ["+x", program]))
        {
        }

        try
        {
            var (result, took) = _module.InvokeAndStop(
                "Start-CtrServer -Path $program -Directory $directory", TimeSpan.FromSeconds(1), ("program", program), ("directory", directory));
            Assert.True(result.Stopped);
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1.5));
            Assert.True(SpinWait.SpinUntil(() => !Directory.Exists(directory), TimeSpan.FromSeconds(20)));
            Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "ctr-stop-*").Length);
        }
        finally
        {
            File.Delete(program);
        }
    }

    private static bool IsAlive(int pid) => Directory.Exists($"/proc/{pid}") && !File.ReadAllText($"/proc/{pid}/status").Contains("State:\tZ", StringComparison.Ordinal);

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); !condition(); await Task.Delay(50))
            Assert.True(DateTime.UtcNow < until, "Waited 30 s.");
    }
}

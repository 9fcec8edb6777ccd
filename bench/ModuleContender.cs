using System.Diagnostics;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Containerd.Bench;

/// <summary>The private containerd that all contenders use.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Socket">The path of its socket.</param>
/// <param name="Namespace">The containerd namespace.</param>
/// <param name="CtrPath">Its generation's own ctr.</param>
internal sealed record BenchServer(string Version, string Socket, string Namespace, string CtrPath) : IDisposable
{
    /// <summary>The image of all containers.</summary>
    public const string Image = "docker.io/bench/busybox:latest";

    /// <summary>Nothing: the module stops it.</summary>
    public void Dispose()
    {
    }
}

/// <summary>Our cmdlets in a real PowerShell engine, called as a script calls them.</summary>
internal sealed class ModuleContender : IDisposable
{
    private readonly Runspace _runspace;

    public ModuleContender()
    {
        _runspace = RunspaceFactory.CreateRunspace(InitialSessionState.CreateDefault2());
        _runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        _runspace.Open();
        Invoke($"Import-Module '{Tool.PathOf("Containerd.psd1")}'");
        _runspace.SessionStateProxy.SetVariable("image", BenchServer.Image);
    }

    /// <summary>Starts the server, with an image of the static busybox.</summary>
    public BenchServer StartServer()
    {
        var rootfs = Directory.CreateTempSubdirectory("bench-").FullName;
        try
        {
            Directory.CreateDirectory(rootfs + "/bin");
            Directory.CreateDirectory(rootfs + "/etc");
            File.Copy("/bin/busybox", rootfs + "/bin/busybox");
            foreach (var name in new[] { "sh", "echo", "true", "sleep", "dd" })
                File.CreateSymbolicLink($"{rootfs}/bin/{name}", "busybox");
            File.WriteAllText(rootfs + "/etc/passwd", "root:x:0:0:root:/:/bin/sh\n");
            File.WriteAllText(rootfs + "/etc/group", "root:x:0:\n");
            Invoke(
                $"""
                $server = Start-CtrServer
                $null = $server | New-CtrSession
                $null = Import-CtrImage -RootFs '{rootfs}' -Name $image
                """);
        }
        finally
        {
            Directory.Delete(rootfs, recursive: true);
        }

        dynamic server = ((PSObject)_runspace.SessionStateProxy.GetVariable("server")).BaseObject;
        return new BenchServer((string)server.Version, ((string)server.Address)["unix://".Length..], (string)server.Namespace, "/usr/bin/ctr");
    }

    /// <summary>Stops the server and all that is on it.</summary>
    public void StopServer() => Invoke("if ($server) { $server | Stop-CtrServer }");

    /// <summary>Makes what the operation needs to be there.</summary>
    public void Prepare(Operation operation)
    {
        if (operation.NeedsTarget)
            Invoke($"$null = New-CtrContainer {Operation.Target} -Image $image -Command sleep, 100000; $null = Start-CtrTask {Operation.Target}");
        if (operation.Name == "list")
            Invoke($"$null = 1..{Operation.Listed} | ForEach-Object {{ New-CtrContainer \"listed-$_\" -Image $image -Command true }}");
    }

    /// <summary>Takes it away again.</summary>
    public void CleanUp(Operation operation)
    {
        if (operation.NeedsTarget || operation.Name == "list")
            Invoke("Get-CtrContainer | Remove-CtrContainer -Force");
    }

    /// <summary>The median time of the operation in this round, in milliseconds.</summary>
    public double Run(Operation operation)
    {
        var script = ScriptBlock.Create(operation.Cmdlets);
        _runspace.SessionStateProxy.SetVariable("script", script);

        // Timed in the script, as a user's own loop would run: the first of each operation has its code compiled and does not count.
        var times = Invoke(
            $$"""
            foreach ($n in 0..{{operation.Count}}) {
                $i = "$([Environment]::TickCount64)$n"
                $start = [Diagnostics.Stopwatch]::GetTimestamp()
                $null = & $script
                [Diagnostics.Stopwatch]::GetElapsedTime($start).TotalMilliseconds
            }
            """);
        return Report.Median([.. times.Skip(1).Select(time => Convert.ToDouble(time.BaseObject, CultureInfo.InvariantCulture))]);
    }

    /// <summary>Threads, descriptors and FIFOs after ten execs and after a thousand.</summary>
    public string MeasureLeaks()
    {
        var operation = Operation.All.Single(operation => operation.Name == "exec");
        Prepare(operation);
        var after = (int count) =>
        {
            Invoke($"1..{count} | ForEach-Object {{ $null = {operation.Cmdlets} }}");
            GC.Collect();
            return (Threads: Process.GetCurrentProcess().Threads.Count, Descriptors: Directory.GetFiles("/proc/self/fd").Length, Fifos: Fifos());
        };
        var ten = after(10);
        var thousand = after(990);
        CleanUp(operation);
        return $"threads {ten.Threads} → {thousand.Threads}, file descriptors {ten.Descriptors} → {thousand.Descriptors}, FIFO directories {ten.Fifos} → {thousand.Fifos}";
    }

    public void Dispose() => _runspace.Dispose();

    private static int Fifos() => Directory.Exists("/run/containerd/fifo") ? Directory.GetDirectories("/run/containerd/fifo").Length : 0;

    private IReadOnlyList<PSObject> Invoke(string script)
    {
        using var shell = PowerShell.Create(_runspace);
        var output = shell.AddScript(script).Invoke();
        return shell.Streams.Error.Count == 0 ? output : throw new InvalidOperationException($"{script}\n{string.Join("\n", shell.Streams.Error)}");
    }
}

using System.Management.Automation;
using Containerd.Client.Servers;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Commands.Servers;

/// <summary>Starts a private containerd for tests, demos and CI.</summary>
/// <remarks>
/// <para>
/// The server has its own root, state, socket and containerd namespace in a directory of its own. It ends with this
/// PowerShell process, however that ends, unless -Detach is given; then Stop-CtrServer ends it. When it ends, its
/// containers, shims, mounts and files are taken away. Needs Linux, root, and containerd with runc on PATH or at -Path.
/// </para>
/// </remarks>
/// <example>
/// <para>Starts a server, opens a session to it, and stops it again.</para>
/// <code>PS> $server = Start-CtrServer; $session = $server | New-CtrSession; Get-CtrVersion -Session $session; $server | Stop-CtrServer</code>
/// </example>
/// <example>
/// <para>Starts another version of containerd, unpacked somewhere, that goes on after PowerShell has ended.</para>
/// <code>PS> Start-CtrServer -Path /opt/containerd-2.1/bin -Detach</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "CtrServer", SupportsShouldProcess = true)]
[OutputType(typeof(Server))]
public sealed class StartCtrServerCommand : CtrCommand
{
    /// <summary>The containerd program, or a directory that has it together with its shim and runc. By default it is looked for on PATH.</summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>
    /// The directory for everything the server owns. It must not exist or be empty, and is removed when the server is
    /// stopped. By default a new one among the temporary files.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Directory { get; set; }

    /// <summary>Lets the server outlive this PowerShell process, until Stop-CtrServer.</summary>
    [Parameter]
    public SwitchParameter Detach { get; set; }

    /// <summary>How long to wait until it serves, in seconds or as a TimeSpan; 30 seconds by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var program = Path is null ? null : GetUnresolvedProviderPathFromPSPath(Path);
        if (!ShouldProcess(program ?? "containerd", "Start private server"))
            return;
        var options = new PrivateServerOptions
        {
            Path = program,
            Directory = Directory is null ? null : GetUnresolvedProviderPathFromPSPath(Directory),
            Detached = Detach,
            StartTimeout = Timeout,
        };
        var server = Await(Path, token => PrivateServer.StartAsync(options, token));
        if (!Detach)
            PrivateServers.Keep(server);
        WriteObject(server.Info);
    }
}

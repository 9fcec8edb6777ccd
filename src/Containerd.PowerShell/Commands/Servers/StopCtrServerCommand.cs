using System.Management.Automation;
using Containerd.Client.Servers;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Commands.Servers;

/// <summary>Stops a private containerd and takes everything of it away.</summary>
/// <remarks>
/// <para>
/// Only a server that Start-CtrServer started can be stopped. Its containers are killed and everything in its directory
/// is removed. Sessions to it stay, and fail on next use: close them with Remove-CtrSession.
/// </para>
/// </remarks>
/// <example>
/// <para>Stops the server that $server holds.</para>
/// <code>PS> $server | Stop-CtrServer</code>
/// </example>
/// <example>
/// <para>Stops a detached server that another PowerShell process started.</para>
/// <code>PS> Stop-CtrServer -Address unix:///tmp/ctr-0f3a9c1e2b/c.sock</code>
/// </example>
[Cmdlet(VerbsLifecycle.Stop, "CtrServer", SupportsShouldProcess = true)]
public sealed class StopCtrServerCommand : CtrCommand
{
    /// <summary>The address of the server's socket, or its directory.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string[] Address { get; set; } = [];

    private protected override int MostAtOnce => 16;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var address in Address)
        {
            if (ShouldProcess(address, "Stop private server and remove all that it holds"))
                Start(address, _ => PrivateServer.StopAsync(PrivateServer.Find(address)));
        }
    }
}

using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Lists the processes that run in containers.</summary>
/// <remarks>
/// <para>
/// The process ids are those of the daemon's host. By themselves they and the ids of exec processes are all that containerd
/// tells on Linux; with -Detailed the command line, user, times and memory are read from the host's /proc, which needs to run there.
/// </para>
/// </remarks>
/// <example>
/// <para>Shows what runs in a container.</para>
/// <code>PS> Get-CtrProcess web -Detailed</code>
/// </example>
/// <example>
/// <para>Finds the processes of all containers that hold more than 100 MB.</para>
/// <code>PS> Get-CtrProcess * -Detailed | Where-Object Memory -gt 100MB | Sort-Object Memory</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrProcess")]
[OutputType(typeof(ContainerProcess))]
public sealed class GetCtrProcessCommand : TaskCommand
{
    /// <summary>Adds the command line, user, times, memory and threads of each process. Needs to run on the daemon's host.</summary>
    [Parameter]
    public SwitchParameter Detailed { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(null, async (client, id, token) =>
    {
        if (Detailed && !client.Session.IsLocal)
        {
            throw new FailedPreconditionException(
                $"Cannot read the details of the processes of container '{id}': they are in /proc of the daemon's host, and {client.Session.Address} is another machine.");
        }

        foreach (var process in await client.Tasks.ListProcessesAsync(id, Detailed, token).ConfigureAwait(false))
            await Output.WriteObjectAsync(process, token).ConfigureAwait(false);
    });
}

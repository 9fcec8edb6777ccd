using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Pauses containers: all of their processes are frozen where they stand.</summary>
/// <remarks>
/// <para>Frozen processes keep their memory and get no processor time until Resume-CtrTask. Nothing can be executed in a paused container.</para>
/// </remarks>
/// <example>
/// <para>Pauses a container while a backup runs.</para>
/// <code>PS> Suspend-CtrTask db; try { .\backup.ps1 } finally { Resume-CtrTask db }</code>
/// </example>
[Cmdlet(VerbsLifecycle.Suspend, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerTask))]
public sealed class SuspendCtrTaskCommand : TaskCommand
{
    /// <summary>Gives the paused tasks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(id => ShouldProcess(id, "Pause container"), async (client, id, token) =>
    {
        await client.Tasks.PauseAsync(id, token).ConfigureAwait(false);
        if (PassThru)
            await Output.WriteObjectAsync(await client.Tasks.GetAsync(id, token).ConfigureAwait(false), token).ConfigureAwait(false);
    });
}

using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Lets paused containers go on.</summary>
/// <remarks>
/// <para>Thaws what Suspend-CtrTask froze. A container that is not paused is an error (FailedPrecondition).</para>
/// </remarks>
/// <example>
/// <para>Resumes all that is paused.</para>
/// <code>PS> Get-CtrTask | Where-Object State -eq Paused | Resume-CtrTask</code>
/// </example>
[Cmdlet(VerbsLifecycle.Resume, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerTask))]
public sealed class ResumeCtrTaskCommand : TaskCommand
{
    /// <summary>Gives the running tasks.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(id => ShouldProcess(id, "Resume container"), async (client, id, token) =>
    {
        await client.Tasks.ResumeAsync(id, token).ConfigureAwait(false);
        if (PassThru)
            await Output.WriteObjectAsync(await client.Tasks.GetAsync(id, token).ConfigureAwait(false), token).ConfigureAwait(false);
    });
}

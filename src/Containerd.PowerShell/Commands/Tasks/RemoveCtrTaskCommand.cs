using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Removes stopped tasks; the containers stay.</summary>
/// <remarks>
/// <para>
/// Removing a task gives its resources back and forgets its exit code. Start-CtrTask and Remove-CtrContainer do it by themselves, so
/// this is for those who want to keep the container and not the task. A task that runs is an error unless -Force is given.
/// </para>
/// </remarks>
/// <example>
/// <para>Removes all tasks that have stopped.</para>
/// <code>PS> Get-CtrTask | Where-Object State -eq Stopped | Remove-CtrTask</code>
/// </example>
/// <example>
/// <para>Kills what runs in a container and removes the task.</para>
/// <code>PS> Remove-CtrTask web -Force</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerTask))]
public sealed class RemoveCtrTaskCommand : TaskCommand
{
    /// <summary>Kills all processes of a task that runs (SIGKILL) before it is removed.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Gives the tasks as they ended, with their exit codes.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(
        id => ShouldProcess(id, Force ? "Kill and remove task" : "Remove task"),
        async (client, id, token) =>
        {
            var task = await client.Tasks.DeleteAsync(id, Force, token).ConfigureAwait(false);
            if (PassThru)
                await Output.WriteObjectAsync(task, token).ConfigureAwait(false);
        });
}

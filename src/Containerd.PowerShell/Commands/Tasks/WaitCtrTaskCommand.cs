using System.Management.Automation;
using Containerd.PowerShell.Parameters;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Waits until containers have ended and gives their tasks with the exit codes.</summary>
/// <remarks>
/// <para>
/// Each task is given as soon as it has ended, at once if it already has. A restart of containerd meanwhile does no harm; only when a
/// container ends while containerd is down may its exit code be lost: the task is given all the same, its ExitCode is then null.
/// </para>
/// <para>What still runs after -Timeout is one error each (Timeout).</para>
/// </remarks>
/// <example>
/// <para>Starts a job and waits for it.</para>
/// <code>PS> Start-CtrTask job | Wait-CtrTask | Select-Object Id, ExitCode</code>
/// </example>
/// <example>
/// <para>Waits for all jobs, an hour at most.</para>
/// <code>PS> Get-CtrContainer job* | Wait-CtrTask -Timeout 1:00:00</code>
/// </example>
[Cmdlet(VerbsLifecycle.Wait, "CtrTask")]
[OutputType(typeof(ContainerTask))]
public sealed class WaitCtrTaskCommand : TaskCommand
{
    /// <summary>Waits for as many as there are: a wait costs the server next to nothing, and one of them may never end.</summary>
    public WaitCtrTaskCommand() => ThrottleLimit = 1024;

    /// <summary>How long to wait for each, in seconds or as a TimeSpan; as long as it takes by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(null, async (client, id, token) =>
    {
        var timeout = Timeout ?? System.Threading.Timeout.InfiniteTimeSpan;
        await Output.WriteObjectAsync(await client.Tasks.WaitForExitAsync(id, timeout, token).ConfigureAwait(false), token).ConfigureAwait(false);
    });
}

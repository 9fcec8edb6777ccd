using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Sends a signal to a container's init process, to all of its processes, or to an exec process.</summary>
/// <remarks>
/// <para>
/// Sends and returns: what the process makes of the signal is its own affair. Use Stop-CtrTask to end a container and wait for it.
/// Remember that the kernel keeps signals which the init process of a container does not handle away from it, but for SIGKILL and SIGSTOP.
/// </para>
/// </remarks>
/// <example>
/// <para>Makes a web server read its configuration again.</para>
/// <code>PS> Send-CtrSignal web HUP</code>
/// </example>
/// <example>
/// <para>Kills every process of all containers whose id begins with "job".</para>
/// <code>PS> Send-CtrSignal job* SIGKILL -All</code>
/// </example>
[Cmdlet(VerbsCommunications.Send, "CtrSignal", SupportsShouldProcess = true, DefaultParameterSetName = TaskSet)]
public sealed class SendCtrSignalCommand : TaskCommand
{
    private const string TaskSet = "Task";
    private const string ExecSet = "Exec";

    /// <summary>The signal, by name with or without SIG, or by number: SIGHUP, usr1, 15, RTMIN+3.</summary>
    [Parameter(Mandatory = true, Position = 1)]
    [SignalArgument]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public int? Signal { get; set; }

    /// <summary>The exec process that gets the signal, instead of the init process.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ExecSet, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? ExecId { get; set; }

    /// <summary>All processes of the container get the signal.</summary>
    [Parameter(ParameterSetName = TaskSet)]
    public SwitchParameter All { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var signal = Signal!.Value;
        var whom = ExecId is not null ? $"exec process '{ExecId}' of container" : All ? "all processes of container" : "container";
        ForEachTask(
            id => ShouldProcess(id, $"Send {Client.Oci.Signal.Name(signal)} to {whom}"),
            async (client, id, token) =>
            {
                await client.Tasks.KillAsync(id, signal, ExecId, All, token).ConfigureAwait(false);
                Output.WriteVerbose($"{Client.Oci.Signal.Name(signal)} was sent to {whom} '{id}'.");
            });
    }
}

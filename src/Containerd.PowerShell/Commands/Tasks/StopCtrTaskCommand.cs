using System.Management.Automation;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Stops containers: asks the process to end, and kills it if it does not.</summary>
/// <remarks>
/// <para>
/// Sends the stop signal to the init process and waits. If it has not ended after -Timeout, all processes of the container get SIGKILL. The
/// stop signal is that of the image (the container's label io.containerd.image.config.stop-signal), else SIGTERM. A paused task is resumed, so
/// that it can act on the signal. A task that has stopped already is left as it is.
/// </para>
/// <para>The container and its stopped task stay: Get-CtrTask shows the exit code, Start-CtrTask starts it again, Remove-CtrTask forgets it.</para>
/// </remarks>
/// <example>
/// <para>Stops a container.</para>
/// <code>PS> Stop-CtrTask web</code>
/// </example>
/// <example>
/// <para>Stops all containers of a label side by side and shows how they ended.</para>
/// <code>PS> Get-CtrContainer | Where-Object { $_.Labels['app'] -eq 'shop' } | Stop-CtrTask -Timeout 30 -PassThru</code>
/// </example>
[Cmdlet(VerbsLifecycle.Stop, "CtrTask", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerTask))]
public sealed class StopCtrTaskCommand : TaskCommand
{
    /// <summary>The signal to begin with, by name or number, such as SIGINT or 2; the image's stop signal by default, else SIGTERM.</summary>
    [Parameter]
    [SignalArgument]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public int? Signal { get; set; }

    /// <summary>How long the process has to end before it is killed, in seconds or as a TimeSpan; 10 seconds by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Gives the stopped tasks, with their exit codes.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(id => ShouldProcess(id, "Stop container"), async (client, id, token) =>
    {
        var options = new StopOptions { Signal = Signal, Timeout = Timeout, Step = Output.WriteVerbose };
        var task = await client.Tasks.StopAsync(id, options, token).ConfigureAwait(false);
        Output.WriteVerbose($"Container '{id}' has stopped with exit code {task.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unknown"}.");
        if (PassThru)
            await Output.WriteObjectAsync(task, token).ConfigureAwait(false);
    });
}

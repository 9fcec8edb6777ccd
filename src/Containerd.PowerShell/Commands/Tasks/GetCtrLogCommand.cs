using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Reads the log of detached containers, line by line.</summary>
/// <remarks>
/// <para>
/// The log holds what the container's process wrote to stdout and stderr since the container was first started, in the order of
/// arrival. It lies on the daemon's host and needs to be read there. It is kept until the container is removed.
/// </para>
/// </remarks>
/// <example>
/// <para>Shows the last twenty lines, and further ones as they come, until the container ends or Ctrl+C is pressed.</para>
/// <code>PS> Get-CtrLog web -Tail 20 -Follow</code>
/// </example>
/// <example>
/// <para>Counts the errors in the logs of many containers.</para>
/// <code>PS> Get-CtrContainer web* | Get-CtrLog | Select-String ERROR | Measure-Object</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrLog")]
[OutputType(typeof(string))]
public sealed class GetCtrLogCommand : TaskCommand
{
    /// <summary>How many of the last lines to begin with; all by default.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? Tail { get; set; }

    /// <summary>Goes on with the lines that come, until the container's process ends or Ctrl+C is pressed.</summary>
    [Parameter]
    public SwitchParameter Follow { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord() => ForEachTask(null, async (client, id, token) =>
    {
        await foreach (var lines in client.Logs.ReadAsync(id, Tail, Follow, token).ConfigureAwait(false))
            await Output.WriteObjectAsync(lines, token, enumerate: true).ConfigureAwait(false);
    });
}

using System.Collections;
using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Containers;

/// <summary>Changes the labels of containers.</summary>
/// <remarks>
/// <para>
/// The labels that are not named stay as they are, whoever changes them at the same time. containerd keeps no empty labels:
/// an empty value removes the label.
/// </para>
/// </remarks>
/// <example>
/// <para>Sets two labels.</para>
/// <code>PS> Set-CtrContainer web -Label @{ tier = 'front'; 'example.com/owner' = 'team a' }</code>
/// </example>
/// <example>
/// <para>Takes a label off all containers that have it.</para>
/// <code>PS> Get-CtrContainer -Label maintenance | Set-CtrContainer -RemoveLabel maintenance</code>
/// </example>
[Cmdlet(VerbsCommon.Set, "CtrContainer", SupportsShouldProcess = true)]
[OutputType(typeof(Container))]
public sealed class SetCtrContainerCommand : ConcurrentCommand
{
    /// <summary>The ids of the containers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>The labels to set: a hashtable or texts key=value. A value of $null or an empty one removes the label.</summary>
    [Parameter(Position = 1)]
    [Labels]
    public Hashtable? Label { get; set; }

    /// <summary>The keys of labels to remove; one that is not there is no error.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] RemoveLabel { get; set; } = [];

    /// <summary>Returns the containers as they are after the change.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        if (Label is null && RemoveLabel.Length == 0)
            ThrowTerminatingError(ErrorRecords.From(new InvalidArgumentException(nameof(Label), "There is nothing to change: give -Label, -RemoveLabel or both."), null));
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var (key, value) in LabelsAttribute.Read(Label))
            changes[key] = value;
        foreach (var key in RemoveLabel)
            changes[key] = null;
        var action = string.Join(", ", changes.Select(change => string.IsNullOrEmpty(change.Value) ? $"remove label {change.Key}" : $"set label {change.Key}={change.Value}"));
        foreach (var client in Clients())
        {
            foreach (var id in Id)
            {
                if (!ShouldProcess($"{id} ({client.Namespace})", action))
                    continue;
                Start(id, async token =>
                {
                    var container = await client.Containers.SetLabelsAsync(id, changes, token).ConfigureAwait(false);
                    if (PassThru)
                        await Output.WriteObjectAsync(container, token).ConfigureAwait(false);
                });
            }
        }
    }
}

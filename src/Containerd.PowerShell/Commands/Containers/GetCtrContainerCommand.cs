using System.Collections;
using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Connection;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Containers;

/// <summary>Gets containers with the state of their tasks.</summary>
/// <remarks>
/// <para>
/// Without parameters all containers of the namespace are listed, also those that never ran. State and process id come from one
/// call for all containers. A container whose shim does not answer is listed with the state Unknown.
/// </para>
/// <para>
/// The state is that of the moment of the call: None (no task: never started, or its task was deleted), Created, Running,
/// Paused, Pausing, Stopped or Unknown. The property Spec holds the OCI runtime spec as JSON, Command what it runs.
/// </para>
/// </remarks>
/// <example>
/// <para>Lists the containers.</para>
/// <code>PS> Get-CtrContainer</code>
/// </example>
/// <example>
/// <para>Lists the running containers whose id begins with web.</para>
/// <code>PS> Get-CtrContainer web* -State Running</code>
/// </example>
/// <example>
/// <para>Lists what runs an nginx on all hosts with a session, with the host.</para>
/// <code>PS> Get-CtrContainer -Image *nginx* -Session (Get-CtrSession) | Select-Object Session, Id, Pid</code>
/// </example>
/// <example>
/// <para>Shows the mounts of a container.</para>
/// <code>PS> ((Get-CtrContainer web).Spec | ConvertFrom-Json).mounts</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrContainer")]
[OutputType(typeof(Container))]
public sealed class GetCtrContainerCommand : ConcurrentCommand
{
    // More ids than this in one request are no faster than to list all.
    private const int MostIdsToAskFor = 64;

    /// <summary>The ids; wildcards are allowed. All by default. An id without wildcards that is not there is an error.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>Only containers with all these labels: a hashtable or texts key=value, where the value may have wildcards; a key alone asks whether the label is there.</summary>
    [Parameter]
    [Labels]
    [ValidateNotNullOrEmpty]
    public Hashtable? Label { get; set; }

    /// <summary>Only containers in one of these states.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public TaskState[]? State { get; set; }

    /// <summary>Only containers made from one of these images, by the image's full name; wildcards are allowed.</summary>
    [Parameter]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[]? Image { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var ids = new NamePatterns(Id);
        var wanted = Filter();
        foreach (var client in Clients())
        {
            if (ids is { HasWildcards: false, Literals: [var id] })
                Start(id, token => GetOneAsync(client, id, wanted, token));
            else
                Start(client.Session, token => ListAsync(client, ids, wanted, token));
        }
    }

    private async Task GetOneAsync(ContainerdClient client, string id, Func<Container, bool> wanted, CancellationToken token)
    {
        var container = await client.Containers.GetAsync(id, token).ConfigureAwait(false);
        if (wanted(container))
            await Output.WriteObjectAsync(container, token).ConfigureAwait(false);
    }

    private async Task ListAsync(ContainerdClient client, NamePatterns ids, Func<Container, bool> wanted, CancellationToken token)
    {
        var containers = await client.Containers.ListAsync(ServerFilters(ids), token).ConfigureAwait(false);
        await Output.WriteObjectAsync(containers.Where(container => ids.Match(container.Id) && wanted(container)).ToArray(), token, enumerate: true).ConfigureAwait(false);
        foreach (var id in ids.Literals.Except(containers.Select(container => container.Id)))
            Output.WriteError(ErrorRecords.From(new NotFoundException(ResourceKind.Container, id), id));
    }

    /// <summary>What the server can leave out, so that it need not be sent; everything is looked at again here.</summary>
    private IEnumerable<string> ServerFilters(NamePatterns ids)
    {
        if (!ids.HasWildcards)
            return ids.Literals.Count <= MostIdsToAskFor ? ids.Literals.Select(id => FilterSyntax.Equal("id", id)) : [];

        // A literal id that has not the label is there nevertheless, and must not be reported as missing.
        if (ids.Literals.Count > 0 || Label is null)
            return [];
        var selectors = LabelsAttribute.Read(Label).Select(label => label.Value is { } value && !WildcardPattern.ContainsWildcardCharacters(value)
            ? FilterSyntax.Equal(FilterSyntax.Label(label.Key), value)
            : FilterSyntax.Label(label.Key));
        return [string.Join(',', selectors)];
    }

    private Func<Container, bool> Filter()
    {
        var images = Image is null ? null : new NamePatterns(Image);
        var labels = LabelsAttribute.Read(Label)
            .Select(label => (label.Key, Value: label.Value is { } value ? WildcardPattern.Get(value, WildcardOptions.None) : null)).ToArray();
        return container =>
            (State is null || State.Contains(container.State))
            && (images is null || images.Match(container.Image))
            && Array.TrueForAll(labels, label =>
                container.Labels.TryGetValue(label.Key, out var value) && label.Value?.IsMatch(value) is not false);
    }
}

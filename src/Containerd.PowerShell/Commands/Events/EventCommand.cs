using System.Management.Automation;
using Containerd.Client.Events;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>The base of the cmdlets about events: which of them are wanted.</summary>
public abstract class EventCommand : SessionCommand
{
    private protected EventCommand()
    {
    }

    /// <summary>
    /// The topics of the events, such as /tasks/exit; wildcards are allowed, and the first slash may be left out. All by default.
    /// </summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TopicCompleter))]
    public string[]? Topic { get; set; }

    /// <summary>What happened, by the names of EventKind, such as TaskExit. All by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public EventKind[]? Kind { get; set; }

    /// <summary>
    /// containerd filters, given to the server as they are, beside the other parameters: fields are topic, namespace and event.container_id
    /// and the like, operators ==, != and ~= (a regular expression), a comma means "and", several filters mean "or". A value with a slash stands
    /// in quotes: 'topic=="/tasks/exit",event.container_id~="^web"'. With filters, exits that happen while the connection is lost are not recovered.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string[] Filter { get; set; } = [];

    /// <summary>The events of all containerd namespaces, instead of those of one.</summary>
    [Parameter]
    public SwitchParameter AllNamespaces { get; set; }

    /// <summary>The query for the client.</summary>
    /// <param name="containerIds">The containers that are meant, wildcards included; null for all events.</param>
    /// <returns>The query.</returns>
    private protected EventQuery Query(IReadOnlyCollection<string>? containerIds)
    {
        var topics = Topic?
            .Select(t => WildcardPattern.Get(t.StartsWith('/') || t.StartsWith('*') ? t : "/" + t, WildcardOptions.IgnoreCase))
            .ToArray();
        var kinds = Kind?.ToHashSet();
        var ids = containerIds is null ? null : new NamePatterns(containerIds);
        return new EventQuery
        {
            AllNamespaces = AllNamespaces,
            Filters = Filter,
            Where = e => (topics is null || Array.Exists(topics, t => t.IsMatch(e.Topic)))
                && (kinds is null || kinds.Contains(e.Kind))
                && (ids is null || (e.ContainerId is { } id && ids.Match(id))),
        };
    }
}

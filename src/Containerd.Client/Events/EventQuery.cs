namespace Containerd.Client.Events;

/// <summary>Which events a subscription is about.</summary>
public sealed record EventQuery
{
    /// <summary>True for the events of all containerd namespaces, false for those of the client's own.</summary>
    public bool AllNamespaces { get; init; }

    /// <summary>
    /// containerd filters, passed to the server as they are; an event that any of them lets through is delivered. Values with
    /// special characters stand in quotes, such as topic=="/tasks/exit". None for all events.
    /// </summary>
    /// <remarks>Exits that happened while the connection was lost are recovered only without filters: nobody but the server can apply them.</remarks>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Chooses among the events that arrive, before they take room in the queue; all by default. Called from any thread.</summary>
    public Func<ContainerdEvent, bool> Where { get; init; } = static _ => true;
}

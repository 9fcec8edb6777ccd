using Containerd.Client.Connection;

namespace Containerd.Client.Events;

/// <summary>The events of a containerd, as they happen.</summary>
public sealed class EventService
{
    private readonly Session _session;
    private readonly CallScope _scope;
    private readonly EventHub _hub;

    internal EventService(Session session, CallScope scope, EventHub hub) => (_session, _scope, _hub) = (session, scope, hub);

    /// <summary>How many streams of events the session has: one for a namespace and filter, however many read it.</summary>
    public int StreamCount => _hub.Count;

    /// <summary>
    /// Subscribes to events from now on, and returns once the subscription stands: what happens after that is delivered.
    /// It reconnects by itself; exits that happened while the connection was lost are delivered once, marked as recovered.
    /// An exec process that was started before the subscription is recovered only if its exit event comes.
    /// </summary>
    /// <param name="query">Which events.</param>
    /// <param name="cancellationToken">Ends the attempt, not the subscription.</param>
    /// <returns>The subscription; dispose it to end it.</returns>
    /// <exception cref="InvalidArgumentException">A filter is not one that containerd can read.</exception>
    /// <exception cref="ConnectionException">The server is away.</exception>
    public Task<EventSubscription> SubscribeAsync(EventQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        return _hub.SubscribeAsync(_session, _scope, query, cancellationToken);
    }
}

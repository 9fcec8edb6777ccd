using Containerd.Client.Connection;

namespace Containerd.Client.Events;

/// <summary>The streams of events of a session: one for a namespace and filter, however many read it.</summary>
internal sealed class EventHub
{
    private readonly Dictionary<string, EventPump> _pumps = new(StringComparer.Ordinal);

    /// <summary>How many streams there are.</summary>
    public int Count
    {
        get
        {
            lock (_pumps)
                return _pumps.Count;
        }
    }

    /// <summary>Subscribes, and returns once the subscription stands.</summary>
    /// <param name="session">The session of the events.</param>
    /// <param name="scope">The channel and namespace.</param>
    /// <param name="query">Which events.</param>
    /// <param name="cancellationToken">Ends the attempt, not the subscription.</param>
    /// <returns>The subscription.</returns>
    public async Task<EventSubscription> SubscribeAsync(Session session, CallScope scope, EventQuery query, CancellationToken cancellationToken)
    {
        // A server that is away is the caller's to know, after the time that connecting is given.
        await ServingWait.UntilServingAsync(scope, cancellationToken).ConfigureAwait(false);
        var (subscription, pump) = Join(session, scope, query);
        try
        {
            await pump.Standing.WaitAsync(scope.Channel.Options.CallTimeout, cancellationToken).ConfigureAwait(false);
            return subscription;
        }
        catch (System.TimeoutException e)
        {
            subscription.Dispose();
            throw new TimeoutException($"Cannot subscribe to events: containerd at {session.Address} did not answer in time.", e);
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    private (EventSubscription Subscription, EventPump Pump) Join(Session session, CallScope scope, EventQuery query)
    {
        var key = string.Join('\n', [query.AllNamespaces ? "*" : scope.Namespace, .. query.Filters]);
        lock (_pumps)
        {
            if (_pumps.TryGetValue(key, out var pump))
            {
                var joined = new EventSubscription(query, pump.Remove);
                if (pump.TryAdd(joined))
                    return (joined, pump);
            }

            pump = new EventPump(session, scope.WithLease(null), query, over => Forget(key, over));
            var first = new EventSubscription(query, pump.Remove);
            pump.TryAdd(first);
            _pumps[key] = pump;
            pump.Start();
            return (first, pump);
        }
    }

    private void Forget(string key, EventPump pump)
    {
        lock (_pumps)
        {
            if (_pumps.TryGetValue(key, out var known) && known == pump)
                _pumps.Remove(key);
        }
    }
}

using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Containerd.Client.Events;

/// <summary>
/// A subscription to the events of a server. It outlives the loss of the connection and is read by one reader; disposing it ends it.
/// </summary>
public sealed class EventSubscription : IDisposable
{
    private readonly EventQuery _query;
    private readonly EventQueue _queue = new();
    private Action<EventSubscription>? _leave;

    internal EventSubscription(EventQuery query, Action<EventSubscription> leave) => (_query, _leave) = (query, leave);

    /// <summary>
    /// What was and will be delivered, in the order it happened for each container. Ends when the subscription is disposed.
    /// </summary>
    /// <param name="cancellationToken">Ends the reading, not the subscription.</param>
    /// <returns>Events, and warnings at their place among them.</returns>
    /// <exception cref="ConnectionException">The session was closed.</exception>
    public async IAsyncEnumerable<EventDelivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            EventDelivery next;
            try
            {
                next = await _queue.TakeAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException e)
            {
                if (e.InnerException is { } reason)
                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(reason);
                yield break;
            }

            yield return next;
        }
    }

    /// <summary>Ends the subscription.</summary>
    public void Dispose()
    {
        Interlocked.Exchange(ref _leave, null)?.Invoke(this);
        _queue.Complete(null);
    }

    internal void Deliver(ContainerdEvent e)
    {
        if (_query.Where(e))
            _queue.Add(e);
    }

    internal void Warn(string text) => _queue.AddWarning(text);

    internal void End(Exception? error) => _queue.Complete(error);
}

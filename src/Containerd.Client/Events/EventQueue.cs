using System.Threading.Channels;

namespace Containerd.Client.Events;

/// <summary>
/// What a subscription has not read yet, bounded: containerd keeps sending whether anybody reads or not, so a reader that falls
/// behind loses events instead of filling memory here or, by letting the stream wait, in the daemon. Newer events are
/// dropped, so that what is read stays in order up to the gap, and a warning stands at its end. Exits go last: there is as
/// much room again for them alone.
/// </summary>
internal sealed class EventQueue
{
    /// <summary>How many unread events there may be before others than exits are dropped.</summary>
    public const int Capacity = 8192;

    private readonly Channel<EventDelivery> _unread = Channel.CreateUnbounded<EventDelivery>(new UnboundedChannelOptions { SingleReader = true });
    private readonly object _writing = new();
    private int _count;
    private int _dropped;

    /// <summary>Adds an event, or drops it where there is no room.</summary>
    /// <param name="e">The event.</param>
    public void Add(ContainerdEvent e) => Add(new EventDelivery(e, null), e.Kind == EventKind.TaskExit ? Capacity * 2 : Capacity);

    /// <summary>Adds a warning; it goes last, as exits do.</summary>
    /// <param name="text">The warning.</param>
    public void AddWarning(string text) => Add(new EventDelivery(null, text), Capacity * 2);

    /// <summary>Nothing more comes; what is there can still be read.</summary>
    /// <param name="error">Why, where it is an error.</param>
    public void Complete(Exception? error)
    {
        lock (_writing)
        {
            WarnOfGap();
            _unread.Writer.TryComplete(error);
        }
    }

    /// <summary>Takes the next one, waiting for it.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The next event or warning.</returns>
    /// <exception cref="ChannelClosedException">Nothing more comes; the reason is inside where there is one.</exception>
    public async ValueTask<EventDelivery> TakeAsync(CancellationToken cancellationToken)
    {
        var next = await _unread.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
        if (Interlocked.Decrement(ref _count) == 0)
        {
            // The reader has caught up, and nothing may come for long.
            lock (_writing)
                WarnOfGap();
        }

        return next;
    }

    private void Add(EventDelivery delivery, int room)
    {
        lock (_writing)
        {
            var count = Volatile.Read(ref _count);
            if (count >= room)
            {
                _dropped++;
                return;
            }

            if (count < Capacity)
                WarnOfGap();
            Write(delivery);
        }
    }

    private void WarnOfGap()
    {
        if (_dropped == 0)
            return;
        var events = _dropped == 1 ? "1 event was" : $"{_dropped} events were";
        Write(new EventDelivery(null, events + " dropped here: they arrived faster than they were read."));
        _dropped = 0;
    }

    private void Write(EventDelivery delivery)
    {
        if (_unread.Writer.TryWrite(delivery))
            Interlocked.Increment(ref _count);
    }
}

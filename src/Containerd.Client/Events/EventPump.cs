using System.Collections.Immutable;
using Containerd.Client.Connection;
using Google.Protobuf;
using Envelope = Containerd.Client.Wire.Types.Envelope;

namespace Containerd.Client.Events;

/// <summary>
/// One stream of a session and filter, and all who read it. When the connection is lost it waits until the server serves,
/// subscribes again, and delivers the exits that happened meanwhile (trap T15: the server sends nothing again).
/// </summary>
internal sealed class EventPump(Session session, CallScope scope, EventQuery query, Action<EventPump> ended)
{
    private static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_lastDelay = TimeSpan.FromSeconds(5);

    // A stream that held this long was good: the next loss is a new one.
    private static readonly TimeSpan s_steady = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _end = new();
    private readonly ExitRecovery _exits = new(session, scope, query);
    private readonly object _lock = new();
    private ImmutableArray<EventSubscription> _readers = [];
    private TaskCompletionSource _standing = NewStanding();
    private bool _stoodOnce;
    private bool _over;

    /// <summary>Completes when the stream stands. Another one from then on when it is lost.</summary>
    public Task Standing
    {
        get
        {
            lock (_lock)
                return _standing.Task;
        }
    }

    /// <summary>Begins.</summary>
    public void Start() => _ = Task.Run(RunAsync);

    /// <summary>Adds a reader.</summary>
    /// <param name="reader">The reader.</param>
    /// <returns>False when the pump is over.</returns>
    public bool TryAdd(EventSubscription reader)
    {
        lock (_lock)
        {
            if (!_over)
                _readers = _readers.Add(reader);
            return !_over;
        }
    }

    /// <summary>Removes a reader; the last one ends the stream.</summary>
    /// <param name="reader">The reader.</param>
    public void Remove(EventSubscription reader)
    {
        lock (_lock)
        {
            _readers = _readers.Remove(reader);
            if (_over || !_readers.IsEmpty)
                return;
            _over = true;
        }

        _end.Cancel();
    }

    private static TaskCompletionSource NewStanding() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync()
    {
        Exception? error = null;
        try
        {
            await PumpAsync(_end.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The last reader has left.
        }
#pragma warning disable CA1031 // Whatever ends the stream is what its readers are told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            error = e;
        }

        ended(this);
        lock (_lock)
        {
            _over = true;
            foreach (var reader in _readers)
                reader.End(error);
            if (error is null)
                _standing.TrySetCanceled();
            else if (_standing.TrySetException(error))
                _ = _standing.Task.Exception; // seen: a pump may end with nobody waiting for it
        }
    }

    private async Task PumpAsync(CancellationToken cancellationToken)
    {
        var delay = s_firstDelay;
        while (true)
        {
            var opened = Environment.TickCount64;
            try
            {
                await ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (ContainerdException) when (_stoodOnce && !scope.Channel.IsDisposed)
            {
                // Whatever the server says: a subscription that stood once will stand again when it serves.
            }

            Lost();
            if (Environment.TickCount64 - opened > s_steady.TotalMilliseconds)
                delay = s_firstDelay;
            await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
            delay = delay * 2 < s_lastDelay ? delay * 2 : s_lastDelay;
            await UntilServingAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        var stream = await EventStream.OpenAsync(scope, ServerFilters(), cancellationToken).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
            await ReadAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    private async Task ReadAsync(EventStream stream, CancellationToken cancellationToken)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = Task.CompletedTask;
        if (_stoodOnce)
        {
            // Before the stream is read: what was missed comes before what is new.
            foreach (var exit in await _exits.FindMissedAsync(Warn, cancellationToken).ConfigureAwait(false))
                Deliver(exit);
        }
        else
        {
            // Beside it: a hung shim makes this take seconds (trap T19), and events need not wait for it.
            asking = _exits.BeginAsync(stream.Since, Warn, broken.Token);
        }

        Stands();
        try
        {
            await foreach (var envelope in stream.ReadAsync(cancellationToken).ConfigureAwait(false))
                Deliver(envelope);
        }
        finally
        {
            await broken.CancelAsync().ConfigureAwait(false);
            await asking.ConfigureAwait(false);
        }
    }

    private async Task UntilServingAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await ServingWait.UntilServingAsync(scope, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ContainerdException) when (!scope.Channel.IsDisposed)
            {
                // As long as it takes: the readers decide when they have waited enough.
                await Task.Delay(s_firstDelay, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // The server sends the events of all namespaces unless each of its filters, any one of which is enough, names one (trap T17).
    private string[] ServerFilters()
    {
        if (query.AllNamespaces)
            return [.. query.Filters];
        var here = FilterSyntax.Equal("namespace", scope.Namespace);
        return query.Filters.Count == 0 ? [here] : [.. query.Filters.Select(f => $"{here},{f}")];
    }

    private void Deliver(Envelope envelope)
    {
        ContainerdEvent decoded;
        try
        {
            decoded = EventDecoder.Decode(session, envelope);
        }
        catch (InvalidProtocolBufferException e)
        {
            Warn($"An event of topic {envelope.Topic} could not be decoded as {envelope.Event?.TypeUrl}: {e.Message}");
            return;
        }

        foreach (var e in _exits.Note(decoded))
            Deliver(e);
    }

    private void Deliver(ContainerdEvent e)
    {
        foreach (var reader in Readers())
            reader.Deliver(e);
    }

    private void Stands()
    {
        lock (_lock)
        {
            _stoodOnce = true;
            _standing.TrySetResult();
        }
    }

    private void Lost()
    {
        lock (_lock)
        {
            if (!_standing.Task.IsCompleted)
                return;
            _standing = NewStanding();
        }

        Warn($"The connection to containerd at {session.Address} was lost. Events are missed until it serves again"
            + (query.Filters.Count > 0 ? "." : "; exits of that time are recovered then."));
    }

    private void Warn(string text)
    {
        foreach (var reader in Readers())
            reader.Warn(text);
    }

    private ImmutableArray<EventSubscription> Readers()
    {
        lock (_lock)
            return _readers;
    }
}

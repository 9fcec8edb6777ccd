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

    // How late an exit's event may arrive: a shim that cannot reach containerd tries for some 15 seconds.
    private static readonly TimeSpan s_latest = TimeSpan.FromMinutes(1);

    private readonly CancellationTokenSource _end = new();
    private readonly ProcessLedger _ledger = new();
    private readonly ProcessStates _states = new(scope, query.AllNamespaces);
    private readonly object _lock = new();
    private ImmutableArray<EventSubscription> _readers = [];
    private TaskCompletionSource _standing = NewStanding();
    private DateTimeOffset _knownUntil;
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
            await DeliverMissedAsync(cancellationToken).ConfigureAwait(false);
        }
        else
        {
            // Beside it: a hung shim makes this take seconds (trap T19), and events need not wait for it.
            _knownUntil = stream.Since;
            asking = NoteAliveAsync(broken.Token);
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

        if (decoded.Timestamp - s_latest > _knownUntil)
            _knownUntil = decoded.Timestamp - s_latest;
        foreach (var e in _ledger.Note(decoded))
            Deliver(e);
    }

    private void Deliver(ContainerdEvent e)
    {
        foreach (var reader in Readers())
            reader.Deliver(e);
    }

    private async Task NoteAliveAsync(CancellationToken cancellationToken)
    {
        if (query.Filters.Count > 0)
            return;
        try
        {
            var (now, _) = await AskAsync([], cancellationToken).ConfigureAwait(false);
            _ledger.NoteAlive(now);
        }
        catch (Exception e) when (e is OperationCanceledException or ContainerdException { Status: ServerStatus.Unavailable })
        {
            // The connection was lost at once, of which there is a warning already.
        }
        catch (ContainerdException e)
        {
            Warn($"Exits that happen while the connection is lost may be missed for containers that run already: {e.Message}");
        }
    }

    // With filters of the user's only the server knows whether an exit is wanted.
    private async Task DeliverMissedAsync(CancellationToken cancellationToken)
    {
        if (query.Filters.Count > 0)
            return;
        var (now, unknown) = await AskAsync(_ledger.LivingExecs(), cancellationToken).ConfigureAwait(false);
        foreach (var exit in _ledger.Missed(session, now, unknown, _knownUntil))
            Deliver(exit);
    }

    private async Task<(List<ProcessStatus> Now, HashSet<string> Unknown)> AskAsync(IReadOnlyList<ProcessKey> execs, CancellationToken cancellationToken)
    {
        var now = new List<ProcessStatus>();
        var unknown = new HashSet<string>();
        foreach (var name in await _states.NamespacesAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                now.AddRange(await _states.TasksAsync(name, cancellationToken).ConfigureAwait(false));
                foreach (var exec in execs.Where(k => k.Namespace == name))
                {
                    if (await _states.ExecAsync(exec, cancellationToken).ConfigureAwait(false) is { } status)
                        now.Add(status);
                }
            }
            catch (TimeoutException e)
            {
                unknown.Add(name);
                Warn($"Exits in namespace '{name}' may be missing: {e.Message}");
            }
        }

        return (now, unknown);
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

using Containerd.Client.Connection;
using Google.Protobuf.WellKnownTypes;
using Envelope = Containerd.Client.Wire.Types.Envelope;

namespace Containerd.Client.Events;

/// <summary>One stream of events as the server sends it, known to stand once it is opened.</summary>
internal sealed class EventStream : IAsyncDisposable
{
    /// <summary>What the topics of our markers begin with; no reader ever sees one.</summary>
    private const string MarkerTopic = "/psctrd/subscribed/";

    private static readonly TimeSpan s_firstRepeat = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan s_lastRepeat = TimeSpan.FromMilliseconds(320);

    private readonly CancellationTokenSource _end;
    private readonly IAsyncEnumerator<Envelope> _envelopes;
    private readonly List<Envelope> _early = [];

    private EventStream(CancellationTokenSource end, IAsyncEnumerator<Envelope> envelopes) => (_end, _envelopes) = (end, envelopes);

    /// <summary>When the subscription stood (the server's clock).</summary>
    public DateTimeOffset Since { get; private set; }

    /// <summary>
    /// Subscribes, and returns once the subscription stands: the server says nothing before the first event (trap T16), so an
    /// event of our own is published until it comes back.
    /// </summary>
    /// <param name="scope">The channel, and the namespace of the marker.</param>
    /// <param name="filters">The server's filters; none for all events.</param>
    /// <param name="cancellationToken">Ends the attempt, not the stream.</param>
    /// <returns>The stream.</returns>
    public static async Task<EventStream> OpenAsync(CallScope scope, IReadOnlyList<string> filters, CancellationToken cancellationToken)
    {
        var events = new Wire.Events.Events.EventsClient(scope.Invoker);
        var topic = MarkerTopic + Guid.NewGuid().ToString("N");
        var request = new Wire.Events.SubscribeRequest();
        if (filters.Count > 0)
            request.Filters.AddRange([.. filters, FilterSyntax.Equal("topic", topic)]);
        var end = new CancellationTokenSource();
        var attempt = new Attempt("subscribe to events", ResourceKind.Event, string.Join(" or ", filters));
        var envelopes = scope.StreamAsync(attempt, o => events.Subscribe(request, o), end.Token, Timeout.InfiniteTimeSpan);
        var stream = new EventStream(end, envelopes.GetAsyncEnumerator(CancellationToken.None));
        try
        {
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            giveUp.CancelAfter(scope.Channel.Options.CallTimeout);
            await using (giveUp.Token.Register(end.Cancel).ConfigureAwait(false))
                await stream.UntilMarkerAsync(scope, events, topic, giveUp.Token).ConfigureAwait(false);
            return stream;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw new TimeoutException(
                $"Cannot subscribe to events: containerd at {scope.Channel.Options.Address} sent none within {scope.Channel.Options.CallTimeout}.");
        }
        catch
        {
            await stream.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The events until the stream breaks.</summary>
    /// <param name="cancellationToken">Ends the stream.</param>
    /// <returns>The events as they arrive, without markers.</returns>
    public async IAsyncEnumerable<Envelope> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var ending = cancellationToken.Register(_end.Cancel).ConfigureAwait(false);
        foreach (var envelope in _early)
            yield return envelope;
        _early.Clear();
        while (await _envelopes.MoveNextAsync().ConfigureAwait(false))
        {
            if (!IsMarker(_envelopes.Current))
                yield return _envelopes.Current;
        }
    }

    /// <summary>Ends the stream.</summary>
    /// <returns>Completes when the call has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _envelopes.DisposeAsync().ConfigureAwait(false);
        _end.Dispose();
    }

    private static bool IsMarker(Envelope envelope) => envelope.Topic.StartsWith(MarkerTopic, StringComparison.Ordinal);

    private async Task UntilMarkerAsync(CallScope scope, Wire.Events.Events.EventsClient events, string topic, CancellationToken cancellationToken)
    {
        // The type is one that every reader of events can decode, those of other programs too.
        var marker = new Wire.Events.PublishRequest { Topic = topic, Event = Wire.AnyMessage.Pack(new Empty()) };
        var attempt = new Attempt("publish the event that proves a subscription", ResourceKind.Event, topic);
        var next = _envelopes.MoveNextAsync().AsTask();
        var repeat = s_firstRepeat;
        try
        {
            while (true)
            {
                // A publication that overtakes the subscription is lost, hence again.
                if (!next.IsCompleted)
                {
                    await scope.CallAsync(attempt, o => events.PublishAsync(marker, o), cancellationToken).ConfigureAwait(false);
                    await Task.WhenAny(next, Task.Delay(repeat, cancellationToken)).ConfigureAwait(false);
                    repeat = repeat < s_lastRepeat ? repeat * 2 : s_lastRepeat;
                    cancellationToken.ThrowIfCancellationRequested();
                    continue;
                }

                if (!await next.ConfigureAwait(false))
                    throw new ContainerdException("The server ended the stream of events at once.", ServerStatus.Unavailable);
                var envelope = _envelopes.Current;
                if (envelope.Topic == topic)
                {
                    Since = Wire.WireTime.ToTime(envelope.Timestamp) ?? DateTimeOffset.UtcNow;
                    return;
                }

                if (!IsMarker(envelope))
                    _early.Add(envelope);
                next = _envelopes.MoveNextAsync().AsTask();
            }
        }
        catch
        {
            // The enumerator may be disposed only when it rests.
            await _end.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(next).ConfigureAwait(false);
            throw;
        }
    }
}

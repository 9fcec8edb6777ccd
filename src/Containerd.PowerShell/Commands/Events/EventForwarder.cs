using System.Management.Automation;
using Containerd.Client.Events;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>
/// Hands the events of subscriptions to the engine's event manager, in their order, until Unregister-Event ends it or the sessions are closed.
/// </summary>
/// <remarks>
/// The engine's queues have no bound. So no more than <see cref="MostPending"/> events are put there before an action has run for them, only one
/// where the action may end its subscription (see <see cref="ActionCode"/>), and no more than <see cref="MostUnfetched"/> for Get-Event. The rest
/// waits, bounded, in the subscriptions.
/// </remarks>
internal sealed class EventForwarder
{
    /// <summary>How many events may wait for their action before they wait, and are dropped, in the subscriptions.</summary>
    internal const int MostPending = 128;

    /// <summary>How many events may wait for Get-Event before they wait, and are dropped, in the subscriptions.</summary>
    internal const int MostUnfetched = 1024;

    private const string WarningSuffix = ".Warning";
    private const int MostWarnings = 100;

    private static readonly TimeSpan s_lookAgain = TimeSpan.FromMilliseconds(250);

    private readonly PSEventManager _manager;
    private readonly PSEventSubscriber _subscriber;
    private readonly IReadOnlyList<EventSubscription> _subscriptions;
    private readonly PSObject? _messageData;
    private readonly CancellationTokenSource _end = new();
    private readonly SemaphoreSlim _raising = new(1);
    private readonly ActionProgress? _progress;
    private readonly SemaphoreSlim _room;
    private readonly int _stretch;
    private int _raised;
    private int _mayBeUnfetched;

    private EventForwarder(
        PSEventManager manager, PSEventSubscriber subscriber, IReadOnlyList<EventSubscription> subscriptions, PSObject? messageData, bool oneByOne)
    {
        _manager = manager;
        _subscriber = subscriber;
        _subscriptions = subscriptions;
        _messageData = messageData;
        _room = new SemaphoreSlim(oneByOne ? 1 : MostPending);
        _stretch = oneByOne ? 1 : MostPending / 2;
        _progress = subscriber.Action is null ? null : new ActionProgress(manager, () => _room.Release(_stretch));
    }

    /// <summary>Begins; on the pipeline's thread.</summary>
    /// <param name="manager">The runspace's event manager.</param>
    /// <param name="subscriber">The engine's subscription.</param>
    /// <param name="subscriptions">The subscriptions to the servers; they end with it.</param>
    /// <param name="messageData">What the user wants every event to carry.</param>
    /// <param name="oneByOne">Whether an event is put into the queue only when the action for the one before has run.</param>
    public static void Start(
        PSEventManager manager, PSEventSubscriber subscriber, IReadOnlyList<EventSubscription> subscriptions, PSObject? messageData, bool oneByOne)
    {
        var forwarder = new EventForwarder(manager, subscriber, subscriptions, messageData, oneByOne);
        subscriber.Unsubscribed += (_, _) => forwarder.End();
        _ = Task.Run(forwarder.RunAsync);
    }

    private void End()
    {
        _end.Cancel();
        foreach (var subscription in _subscriptions)
            subscription.Dispose();
        _progress?.End();
    }

    private async Task RunAsync()
    {
        try
        {
            await Task.WhenAll(_subscriptions.Select(ForwardAsync)).ConfigureAwait(false);

            // Every session is closed. An action that waits the engine would run on this thread, beside its own.
            if (_progress is not null)
            {
                if (_raised % _stretch != 0)
                    _progress.Ask();
                await _progress.UntilHandledAsync(_end.Token).ConfigureAwait(false);
            }

            _manager.UnsubscribeEvent(_subscriber);
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // Unregistered.
        }
    }

    private async Task ForwardAsync(EventSubscription subscription)
    {
        try
        {
            await foreach (var (e, warning) in subscription.ReadAsync(_end.Token).ConfigureAwait(false))
            {
                if (warning is not null)
                    Warn(warning);
                else
                    await RaiseAsync(e!).ConfigureAwait(false);
            }
        }
        catch (ContainerdException e)
        {
            Warn(e.Message);
        }
    }

    private async Task RaiseAsync(ContainerdEvent e)
    {
        await _raising.WaitAsync(_end.Token).ConfigureAwait(false);
        try
        {
            if (_progress is not null)
                await _room.WaitAsync(_end.Token).ConfigureAwait(false);
            else if (!_subscriber.ForwardEvent && ++_mayBeUnfetched > MostUnfetched)
                await UntilFetchedAsync().ConfigureAwait(false);
            Generate(_subscriber.SourceIdentifier, e.Session, [e.Session, new ContainerdEventArgs(e)]);
            if (++_raised % _stretch == 0)
                _progress?.Ask();
        }
        finally
        {
            _raising.Release();
        }
    }

    // Nothing tells when Get-Event and Remove-Event have taken events out of the engine's queue.
    private async Task UntilFetchedAsync()
    {
        while ((_mayBeUnfetched = CountUnfetched(_subscriber.SourceIdentifier)) >= MostUnfetched)
            await Task.Delay(s_lookAgain, _end.Token).ConfigureAwait(false);
    }

    private int CountUnfetched(string identifier)
    {
        lock (_manager.ReceivedEvents.SyncRoot)
            return _manager.ReceivedEvents.Count(e => string.Equals(e.SourceIdentifier, identifier, StringComparison.OrdinalIgnoreCase));
    }

    // An event of its own, which whoever fetches the others by their identifier does not see; many say no more than some.
    private void Warn(string text)
    {
        var identifier = _subscriber.SourceIdentifier + WarningSuffix;
        if (CountUnfetched(identifier) < MostWarnings)
            Generate(identifier, null, [text]);
    }

    // On this thread, that is at once and in order, and without waiting: waiting here would run actions here.
    private void Generate(string identifier, object? sender, object[] args) =>
        _manager.GenerateEvent(identifier, sender, args, _messageData, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
}

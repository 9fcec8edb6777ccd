using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>
/// Finds out when the engine has run the actions in its queue, which it tells nobody: an action of our own, hidden, is put
/// behind those that are waited for.
/// </summary>
public sealed class ActionProgress
{
    private static readonly ScriptBlock s_handled = ScriptBlock.Create("$Event.Sender.Handled()");

    private readonly PSEventManager _manager;
    private readonly PSEventSubscriber _subscriber;
    private readonly object _lock = new();
    private TaskCompletionSource? _asked;
    private bool _ended;

    /// <summary>Sets up the hidden action; on the pipeline's thread.</summary>
    /// <param name="manager">The runspace's event manager.</param>
    internal ActionProgress(PSEventManager manager)
    {
        _manager = manager;
        _subscriber = manager.SubscribeEvent(null, null, $"Containerd.{Guid.NewGuid():N}", null, s_handled, supportEvent: true, forwardEvent: false);
    }

    /// <summary>The engine has come so far; called by the hidden action.</summary>
    public void Handled()
    {
        bool over;
        lock (_lock)
        {
            _asked?.TrySetResult();
            _asked = null;
            over = _ended;
        }

        if (over)
            _manager.UnsubscribeEvent(_subscriber);
    }

    /// <summary>Waits until all that is in the queue now has run. One asks at a time.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes then.</returns>
    internal Task UntilHandledAsync(CancellationToken cancellationToken)
    {
        Task handled;
        lock (_lock)
        {
            if (_ended)
                return Task.CompletedTask;
            _asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            handled = _asked.Task;
        }

        _manager.GenerateEvent(_subscriber.SourceIdentifier, this, [], null, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
        return handled.WaitAsync(cancellationToken);
    }

    /// <summary>Takes the hidden action away: now, or when it has run if it is in the queue, for else it would be run on this thread.</summary>
    internal void End()
    {
        bool now;
        lock (_lock)
        {
            now = !_ended && _asked is null;
            _ended = true;
        }

        if (now)
            _manager.UnsubscribeEvent(_subscriber);
    }
}

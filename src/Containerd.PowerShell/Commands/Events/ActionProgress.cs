using System.Management.Automation;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>
/// Finds out how far the engine has come with its queue of actions, which it tells nobody: an action of our own, hidden, is put
/// behind those that are waited for.
/// </summary>
public sealed class ActionProgress
{
    private static readonly ScriptBlock s_handled = ScriptBlock.Create("$Event.Sender.Handled()");

    private readonly PSEventManager _manager;
    private readonly PSEventSubscriber _subscriber;
    private readonly Action _handled;
    private readonly object _lock = new();
    private TaskCompletionSource? _all;
    private int _open;
    private bool _ended;

    /// <summary>Sets up the hidden action; on the pipeline's thread.</summary>
    /// <param name="manager">The runspace's event manager.</param>
    /// <param name="handled">Called each time the engine has come to what was asked, on its thread.</param>
    internal ActionProgress(PSEventManager manager, Action handled)
    {
        _manager = manager;
        _handled = handled;
        _subscriber = manager.SubscribeEvent(null, null, $"Containerd.{Guid.NewGuid():N}", null, s_handled, supportEvent: true, forwardEvent: false);
    }

    /// <summary>The engine has come so far; called by the hidden action.</summary>
    public void Handled()
    {
        bool over;
        lock (_lock)
        {
            if (--_open == 0)
                _all?.TrySetResult();
            over = _open == 0 && _ended;
        }

        _handled();
        if (over)
            _manager.UnsubscribeEvent(_subscriber);
    }

    /// <summary>Asks to be told when the engine has run what is in its queue now.</summary>
    internal void Ask()
    {
        lock (_lock)
        {
            if (_ended)
                return;
            _open++;
        }

        _manager.GenerateEvent(_subscriber.SourceIdentifier, this, [], null, processInCurrentThread: true, waitForCompletionInCurrentThread: false);
    }

    /// <summary>Waits until the engine has run all that was asked about.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes then.</returns>
    internal Task UntilHandledAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_open == 0)
                return Task.CompletedTask;
            _all ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _all.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes the hidden action away: now, or when it has run where it is in the queue, for else it would be run on this thread.</summary>
    internal void End()
    {
        bool now;
        lock (_lock)
        {
            now = !_ended && _open == 0;
            _ended = true;
        }

        if (now)
            _manager.UnsubscribeEvent(_subscriber);
    }
}

using Containerd.Client.Connection;

namespace Containerd.Client.Events;

/// <summary>
/// Finds the exits that happened while a subscription was away, by comparing what the server says of its processes with what the
/// subscription knew. Only without filters of the user's: nobody but the server can say whether such a filter wants an exit.
/// </summary>
internal sealed class ExitRecovery(Session session, CallScope scope, EventQuery query)
{
    // How late an exit's event may arrive: a shim that cannot reach containerd tries for some 15 seconds.
    private static readonly TimeSpan s_latest = TimeSpan.FromMinutes(1);

    private readonly ProcessLedger _ledger = new();
    private readonly ProcessStates _states = new(scope, query.AllNamespaces);

    // The server's time up to which every exit was before the subscription or was delivered.
    private DateTimeOffset _knownUntil;

    /// <summary>Takes note of an event.</summary>
    /// <param name="e">The event as it arrived.</param>
    /// <returns>What to deliver (see <see cref="ProcessLedger.Note"/>).</returns>
    public IReadOnlyList<ContainerdEvent> Note(ContainerdEvent e)
    {
        if (e.Timestamp - s_latest > _knownUntil)
            _knownUntil = e.Timestamp - s_latest;
        return _ledger.Note(e);
    }

    /// <summary>Takes note of the processes that live when the subscription begins.</summary>
    /// <param name="since">When it began (the server's clock).</param>
    /// <param name="warn">Tells the readers what will be missing.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>Completes when they are noted; never fails.</returns>
    public async Task BeginAsync(DateTimeOffset since, Action<string> warn, CancellationToken cancellationToken)
    {
        _knownUntil = since;
        if (query.Filters.Count > 0)
            return;
        try
        {
            var (now, _) = await AskAsync([], warn, cancellationToken).ConfigureAwait(false);
            _ledger.NoteAlive(now);
        }
        catch (Exception e) when (e is OperationCanceledException or ContainerdException { Status: ServerStatus.Unavailable })
        {
            // The connection was lost at once, of which there is a warning already.
        }
        catch (ContainerdException e)
        {
            warn($"Exits that happen while the connection is lost may be missed for containers that run already: {e.Message}");
        }
    }

    /// <summary>The exits that were missed, once the subscription stands again.</summary>
    /// <param name="warn">Tells the readers what is missing.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The exits, in their order.</returns>
    public async Task<IReadOnlyList<ContainerdEvent>> FindMissedAsync(Action<string> warn, CancellationToken cancellationToken)
    {
        if (query.Filters.Count > 0)
            return [];
        var (now, unknown) = await AskAsync(_ledger.LivingExecs(), warn, cancellationToken).ConfigureAwait(false);
        return _ledger.Missed(session, now, unknown, _knownUntil);
    }

    private async Task<(List<ProcessStatus> Now, HashSet<string> Unknown)> AskAsync(
        IReadOnlyList<ProcessKey> execs, Action<string> warn, CancellationToken cancellationToken)
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
                warn($"Exits in namespace '{name}' may be missing: {e.Message}");
            }
        }

        return (now, unknown);
    }
}

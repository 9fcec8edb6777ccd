using Containerd.Client.Tasks;
using Containerd.Client.Wire;

namespace Containerd.Client.Events;

/// <summary>A process that containerd knows of: a container's init process, or one executed beside it.</summary>
/// <param name="Namespace">The containerd namespace.</param>
/// <param name="ContainerId">The container.</param>
/// <param name="ExecId">The exec process; null for the init process.</param>
internal readonly record struct ProcessKey(string Namespace, string ContainerId, string? ExecId);

/// <summary>What the server says of a process.</summary>
/// <param name="Key">The process.</param>
/// <param name="Pid">Its id on the server's host.</param>
/// <param name="State">Its state.</param>
/// <param name="Exit">How it ended, once stopped.</param>
internal readonly record struct ProcessStatus(ProcessKey Key, int Pid, TaskState State, ExitStatus Exit);

/// <summary>
/// What a subscription knows of the processes, from their events and from lists: which live, which exits were delivered,
/// which containers ran out of memory. From it follows what was missed while the connection was lost, and what comes twice.
/// </summary>
internal sealed class ProcessLedger
{
    // Duplicates follow within seconds (a shim tries five times, a restarted containerd 1.6 sends an exit again), so the
    // latest exits are enough to know them by.
    private const int MostExits = 4096;

    private readonly object _lock = new();
    private readonly Dictionary<ProcessKey, int> _alive = [];
    private readonly Dictionary<(ProcessKey Key, int? Pid), DateTimeOffset?> _exits = [];
    private readonly Queue<(ProcessKey Key, int? Pid)> _exitsInOrder = new();
    private readonly HashSet<(string Namespace, string ContainerId)> _outOfMemory = [];

    /// <summary>Takes note of an event.</summary>
    /// <param name="e">The event as it arrived.</param>
    /// <returns>
    /// What to deliver: the event with what is known of its container; nothing where it came before; before a deletion, the
    /// exit that should have come and did not.
    /// </returns>
    public IReadOnlyList<ContainerdEvent> Note(ContainerdEvent e)
    {
        if (e.ContainerId is not { } containerId)
            return [e];
        lock (_lock)
        {
            var key = new ProcessKey(e.Namespace, containerId, e.ExecId);
            switch (e.Kind)
            {
                case EventKind.TaskCreate or EventKind.TaskStart or EventKind.TaskExecStarted when e.Pid is { } pid:
                    if (!_exits.ContainsKey((key, pid)))
                        _alive[key] = pid;
                    break;
                case EventKind.TaskExit:
                    return NoteExit(key, e) ? [WithMemory(e)] : [];
                case EventKind.TaskDelete:
                    ContainerdEvent[] exitAndDeletion = [.. ExitBefore(key, e), WithMemory(e)];
                    Forget(key, e.Pid);
                    return exitAndDeletion;
                case EventKind.TaskOOM:
                    _outOfMemory.Add((e.Namespace, containerId));
                    break;
                case EventKind.ContainerCreate:
                    _outOfMemory.Remove((e.Namespace, containerId));
                    break;
                case EventKind.ContainerDelete:
                    var last = WithMemory(e);
                    _outOfMemory.Remove((e.Namespace, containerId));
                    return [last];
            }

            return [WithMemory(e)];
        }
    }

    /// <summary>Takes note of the processes that live when the subscription begins.</summary>
    /// <param name="listed">The server's tasks.</param>
    public void NoteAlive(IEnumerable<ProcessStatus> listed)
    {
        lock (_lock)
        {
            foreach (var status in listed)
            {
                if (IsAlive(status.State) && status.Pid != 0 && !_exits.ContainsKey((status.Key, status.Pid)))
                    _alive.TryAdd(status.Key, status.Pid);
            }
        }
    }

    /// <summary>The exec processes that are taken to live: a list of tasks does not have them.</summary>
    /// <returns>The processes.</returns>
    public IReadOnlyList<ProcessKey> LivingExecs()
    {
        lock (_lock)
            return [.. _alive.Keys.Where(k => k.ExecId is not null)];
    }

    /// <summary>The exits that were missed, judged by what the server says now.</summary>
    /// <param name="session">The session of the events.</param>
    /// <param name="now">What the server says now of all tasks, and of the exec processes taken to live.</param>
    /// <param name="unknown">The namespaces of which the server could say nothing.</param>
    /// <param name="since">The time (the server's clock) up to which every exit was before the subscription or was delivered.</param>
    /// <returns>The exits, exec processes before their container's init process.</returns>
    public IReadOnlyList<ContainerdEvent> Missed(
        Session session, IReadOnlyCollection<ProcessStatus> now, IReadOnlySet<string> unknown, DateTimeOffset since)
    {
        lock (_lock)
        {
            var byKey = now.ToDictionary(s => s.Key);
            var ended = new List<ProcessStatus>();
            foreach (var (key, pid) in _alive.Where(p => !unknown.Contains(p.Key.Namespace)))
            {
                if (!byKey.TryGetValue(key, out var status) || (status.Pid != pid && status.Pid != 0))
                    ended.Add(new ProcessStatus(key, pid, TaskState.None, ExitStatus.Lost));
                else if (status.State == TaskState.Stopped)
                    ended.Add(status with { Pid = pid });
            }

            // What was started and ended in between: nobody knew of it.
            ended.AddRange(now.Where(s => s.State == TaskState.Stopped && s.Exit.ExitedAt >= since && !_alive.ContainsKey(s.Key)));
            foreach (var status in now.Where(s => IsAlive(s.State) && s.Pid != 0))
                _alive[status.Key] = status.Pid;

            return [.. ended
                .OrderBy(s => s.Exit.ExitedAt ?? DateTimeOffset.MaxValue)
                .ThenBy(s => s.Key.ExecId is null)
                .Select(s => Recover(session, s))
                .Where(e => NoteExit(new ProcessKey(e.Namespace, e.Id, e.ExecId), e))
                .Select(WithMemory)];
        }
    }

    private static bool IsAlive(TaskState state) => state is TaskState.Created or TaskState.Running or TaskState.Paused or TaskState.Pausing;

    private static ContainerdEvent Recover(Session session, ProcessStatus status) => new()
    {
        Session = session,
        Namespace = status.Key.Namespace,
        Timestamp = status.Exit.ExitedAt ?? DateTimeOffset.UtcNow,
        Topic = "/tasks/exit",
        Kind = EventKind.TaskExit,
        Id = status.Key.ContainerId,
        ContainerId = status.Key.ContainerId,
        ExecId = status.Key.ExecId,
        Pid = status.Pid == 0 ? null : status.Pid,
        ExitCode = status.Exit.Code,
        ExitedAt = status.Exit.ExitedAt,
        Recovered = true,
        Data = MessageFields.Of(null),
    };

    // One exit for a process: its id, exec id, pid and time. Where the server lost the time, the pid alone says that it is the same.
    private bool NoteExit(ProcessKey key, ContainerdEvent e)
    {
        if (_alive.TryGetValue(key, out var pid) && (e.Pid is null || e.Pid == pid))
            _alive.Remove(key);
        if (_exits.TryGetValue((key, e.Pid), out var at) && (at == e.ExitedAt || at is null || e.ExitedAt is null))
            return false;
        if (!_exits.ContainsKey((key, e.Pid)))
            _exitsInOrder.Enqueue((key, e.Pid));
        _exits[(key, e.Pid)] = e.ExitedAt;
        if (_exitsInOrder.Count > MostExits)
            _exits.Remove(_exitsInOrder.Dequeue());
        return true;
    }

    // A shim that cannot reach containerd gives up after some seconds, and the exit is never sent; the deletion still has the code.
    private IEnumerable<ContainerdEvent> ExitBefore(ProcessKey key, ContainerdEvent deletion)
    {
        if (!_alive.TryGetValue(key, out var pid) || deletion.ExitedAt is null)
            return [];
        var how = new ExitStatus(deletion.ExitCode, deletion.ExitedAt);
        var exit = Recover(deletion.Session, new ProcessStatus(key, deletion.Pid ?? pid, TaskState.Stopped, how));
        return NoteExit(key, exit) ? [WithMemory(exit)] : [];
    }

    // By its pid: the shim tells of a deletion in its own time, when the container may have been started again.
    private void Forget(ProcessKey key, int? pid)
    {
        if (!_alive.TryGetValue(key, out var living) || (pid is not null && living != pid))
            return;
        _alive.Remove(key);
        if (key.ExecId is not null)
            return;
        foreach (var exec in _alive.Keys.Where(k => k.Namespace == key.Namespace && k.ContainerId == key.ContainerId).ToArray())
            _alive.Remove(exec);
    }

    private ContainerdEvent WithMemory(ContainerdEvent e) =>
        e.ContainerId is { } id && _outOfMemory.Contains((e.Namespace, id)) ? e with { OOMKilled = true } : e;
}

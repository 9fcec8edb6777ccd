using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tasks;

/// <summary>
/// The tasks of a namespace: what runs in its containers. A container has at most one task; a stopped task stays, with its
/// exit code, until it is removed or the container is started again.
/// </summary>
public sealed class TaskService
{
    private readonly ContainerdClient _client;
    private readonly TaskCalls _calls;

    internal TaskService(ContainerdClient client)
    {
        _client = client;
        _calls = new TaskCalls(client.Scope);
    }

    /// <summary>
    /// All tasks of the namespace in one call. A task whose shim hangs has the state Unknown, and costs 2 seconds of the server's time
    /// (trap T19). The server has no filter.
    /// </summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The tasks, in no order.</returns>
    public async Task<IReadOnlyList<ContainerTask>> ListAsync(CancellationToken cancellationToken)
    {
        var attempt = new Connection.Attempt("list the tasks", ResourceKind.Task, "*");
        var reply = await _calls.Scope.CallAsync(attempt, o => _calls.Service.ListAsync(new ListTasksRequest(), o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Tasks.Select(ToTask)];
    }

    /// <summary>The task of one container.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The task; its state is Unknown where the shim does not answer within 2 seconds.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    public async Task<ContainerTask> GetAsync(string id, CancellationToken cancellationToken) =>
        ToTask(await _calls.GetAsync(id, "", cancellationToken).ConfigureAwait(false));

    /// <summary>
    /// Starts a container: creates its task and starts the process, which then needs no client. A stopped task of an earlier start is
    /// deleted first. What does not come to run leaves nothing.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">Where its streams lead.</param>
    /// <param name="cancellationToken">Ends the attempt; once the process runs, it runs.</param>
    /// <returns>The running task.</returns>
    /// <exception cref="NotFoundException">There is no such container, its snapshot is gone, or it has no such program.</exception>
    /// <exception cref="FailedPreconditionException">It runs already.</exception>
    public async Task<ContainerTask> StartAsync(string id, StartOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var creation = await TaskCreation.PrepareAsync(_client, _calls, id, options, cancellationToken).ConfigureAwait(false);
        var streams = DetachedStart.Streams(options.Stdin, options.Stdout, options.Stderr, creation.Terminal);
        var pid = await DetachedStart.RunAsync(creation, streams, cancellationToken).ConfigureAwait(false);
        return ToTask(new Wire.Types.Process
        {
            Id = id,
            Pid = (uint)pid,
            Status = Wire.Types.Status.Running,
            Terminal = streams.Terminal,
            Stdin = streams.Stdin,
            Stdout = streams.Stdout,
            Stderr = streams.Stderr,
        });
    }

    /// <summary>
    /// Runs a container's process to its end with the caller at its streams, and deletes the task. Cancelled, it kills the process.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="streams">What feeds and takes its streams.</param>
    /// <param name="cancellationToken">Kills the container's processes.</param>
    /// <returns>How it ended. All of its output is with the sinks.</returns>
    /// <exception cref="NotFoundException">There is no such container, its snapshot is gone, or it has no such program.</exception>
    /// <exception cref="FailedPreconditionException">It runs already, or the server is not on this machine.</exception>
    public async Task<ProcessOutcome> RunAsync(string id, ProcessStreams streams, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(streams);
        var creation = await TaskCreation.PrepareAsync(_client, _calls, id, new StartOptions(), cancellationToken).ConfigureAwait(false);
        return await new AttachedRun(_client, _calls, creation, streams).RunAsync(creation.Terminal, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>As <see cref="RunAsync(string, ProcessStreams, CancellationToken)"/>, for a container that was made a moment ago: nothing is asked for again.</summary>
    internal Task<ProcessOutcome> RunAsync(
        Wire.Containers.Container container, IReadOnlyList<Snapshots.Mount> mounts, ProcessStreams streams, CancellationToken cancellationToken)
    {
        var creation = TaskCreation.Of(_calls, container, mounts, new StartOptions());
        return new AttachedRun(_client, _calls, creation, streams).RunAsync(creation.Terminal, cancellationToken);
    }

    /// <summary>Sends a signal.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="signal">The signal's Linux number.</param>
    /// <param name="execId">The exec process that gets it; null for the init process.</param>
    /// <param name="all">Every process of the container gets it; means nothing with an exec process.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="NotFoundException">The container, its task or the exec process is not there, or has ended.</exception>
    /// <exception cref="FailedPreconditionException">The process has not been started.</exception>
    public Task KillAsync(string id, int signal, string? execId, bool all, CancellationToken cancellationToken) =>
        _calls.KillAsync(id, execId ?? "", signal, all, cancellationToken);

    /// <summary>Freezes all processes of a container.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="FailedPreconditionException">The task is not running.</exception>
    public Task PauseAsync(string id, CancellationToken cancellationToken)
    {
        var request = new PauseTaskRequest { ContainerId = id };
        return _calls.CallAsync("pause", id, "", o => _calls.Service.PauseAsync(request, o), cancellationToken);
    }

    /// <summary>Thaws the processes of a paused container.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="FailedPreconditionException">The task is not paused.</exception>
    public Task ResumeAsync(string id, CancellationToken cancellationToken)
    {
        var request = new ResumeTaskRequest { ContainerId = id };
        return _calls.CallAsync("resume", id, "", o => _calls.Service.ResumeAsync(request, o), cancellationToken);
    }

    /// <summary>Changes the limits of a container's processes at once, and in its spec for the next start.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="limits">The limits to change; the others stay.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    /// <exception cref="InvalidArgumentException">A limit is out of range.</exception>
    public Task SetLimitsAsync(string id, Oci.LinuxResources limits, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(limits);
        return new TaskLimits(_client, _calls, id).SetAsync(limits, cancellationToken);
    }

    /// <summary>The processes of a container.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="detailed">Reads each one's details from /proc, where this machine is the server's host.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The processes, in the order of the runtime.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    public Task<IReadOnlyList<ContainerProcess>> ListProcessesAsync(string id, bool detailed, CancellationToken cancellationToken) =>
        new ProcessList(_client, _calls, id).ReadAsync(detailed, cancellationToken);

    /// <summary>
    /// Waits until a process has ended, however long; at once if it has already. Survives a restart of containerd: where the server
    /// comes back without the task, it has ended and its code is lost.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec process to wait for; null for the init process.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>How it ended.</returns>
    /// <exception cref="NotFoundException">The container, its task or the exec process is not there.</exception>
    /// <exception cref="ConnectionException">containerd went away and did not come back within the session's connect timeout.</exception>
    public Task<ExitStatus> WaitAsync(string id, string? execId, CancellationToken cancellationToken) =>
        new ExitWait(_calls, id, execId ?? "").RunAsync(cancellationToken);

    /// <summary>Waits until the task of a container has ended.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="timeout">How long to wait; infinite for as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The stopped task; its exit code is null where the server lost it.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    /// <exception cref="TimeoutException">It still runs.</exception>
    public async Task<ContainerTask> WaitForExitAsync(string id, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var patience = new Patience(timeout, cancellationToken);
        ExitStatus exit;
        try
        {
            exit = await WaitAsync(id, null, patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (patience.IsOver)
        {
            throw new TimeoutException($"Container '{id}' still runs after {timeout.TotalSeconds:0.###} s.");
        }

        try
        {
            return Stopped(await GetAsync(id, cancellationToken).ConfigureAwait(false), exit);
        }
        catch (NotFoundException)
        {
            // Another client deleted it at once, or the server forgot it: how it ended is known all the same.
            return Stopped(ToTask(new Wire.Types.Process { Id = id }), exit);
        }
    }

    /// <summary>Ends the task of a container: the stop signal first, SIGKILL for all its processes if it has not ended in time.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the wait; a signal that was sent stays sent.</param>
    /// <returns>The stopped task, with its exit code; it stays until it is removed.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    /// <exception cref="TimeoutException">It runs even after SIGKILL, or its shim does not answer.</exception>
    public async Task<ContainerTask> StopAsync(string id, StopOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var task = await GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (task.State != TaskState.Stopped)
            return Stopped(task, await new TaskStop(_calls, id, task, options).RunAsync(cancellationToken).ConfigureAwait(false));
        options.Step($"Container '{id}' has stopped already.");
        return task;
    }

    /// <summary>
    /// Deletes a stopped task, and with it the exit code. The FIFOs that another client made for it and left are removed too, where this
    /// machine is the server's host.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="force">Kills a task that runs first.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The task as it ended.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    /// <exception cref="FailedPreconditionException">It runs.</exception>
    public async Task<ContainerTask> DeleteAsync(string id, bool force, CancellationToken cancellationToken)
    {
        var task = await GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (force && task.State != TaskState.Stopped)
            await new TaskStop(_calls, id, task, StopOptions.AtOnce).RunAsync(cancellationToken).ConfigureAwait(false);
        var request = new DeleteTaskRequest { ContainerId = id };
        DeleteResponse reply;
        try
        {
            reply = await _calls.CallAsync("delete", id, "", o => _calls.Service.DeleteAsync(request, o), cancellationToken).ConfigureAwait(false);
        }
        catch (FailedPreconditionException e)
        {
            var state = task.State.ToString().ToLowerInvariant();
            throw new FailedPreconditionException($"Cannot delete the task of container '{id}': it is {state}. Stop it first, or use force.", e);
        }

        if (_client.Session.IsLocal)
            Io.FifoDirectory.DeleteLeftOver(new Io.StdioPaths(task.Stdin, task.Stdout, task.Stderr, task.Terminal));
        return Stopped(task, ExitStatus.From(reply.ExitStatus, reply.ExitedAt.ToTime()));
    }

    private static ContainerTask Stopped(ContainerTask task, ExitStatus exit) =>
        task with { State = TaskState.Stopped, ExitCode = exit.Code, ExitedAt = exit.ExitedAt };

    private ContainerTask ToTask(Wire.Types.Process process)
    {
        // The server never fills container_id (facts 1.4).
        var state = process.Status switch
        {
            Wire.Types.Status.Created => TaskState.Created,
            Wire.Types.Status.Running => TaskState.Running,
            Wire.Types.Status.Stopped => TaskState.Stopped,
            Wire.Types.Status.Paused => TaskState.Paused,
            Wire.Types.Status.Pausing => TaskState.Pausing,
            _ => TaskState.Unknown,
        };
        var exit = state == TaskState.Stopped ? ExitStatus.From(process.ExitStatus, process.ExitedAt.ToTime()) : default;
        return new ContainerTask
        {
            Session = _client.Session,
            Namespace = _client.Namespace,
            Id = process.Id,
            State = state,
            Pid = (int)process.Pid,
            ExitCode = exit.Code,
            ExitedAt = exit.ExitedAt,
            Terminal = process.Terminal,
            Stdin = process.Stdin,
            Stdout = process.Stdout,
            Stderr = process.Stderr,
        };
    }
}

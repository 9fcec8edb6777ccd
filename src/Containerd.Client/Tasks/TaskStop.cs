namespace Containerd.Client.Tasks;

/// <summary>Ends one task: stop signal, patience, SIGKILL for all its processes, and the wait for the exit begun before any of it.</summary>
internal sealed class TaskStop(TaskCalls calls, string id, ContainerTask task, StopOptions options)
{
    // A shim that hangs never answers a Kill, and the server sets no limit (trap T19). What the kernel kills is gone in no time.
    private static readonly TimeSpan s_killTimeout = TimeSpan.FromSeconds(10);

    public async Task<ExitStatus> RunAsync(CancellationToken cancellationToken)
    {
        using var ended = new CancellationTokenSource();
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ended.Token);
        var exit = WaitAsync(waiting.Token);
        try
        {
            if (await SignalAsync(exit, cancellationToken).ConfigureAwait(false))
                return await exit.ConfigureAwait(false);
            options.Step($"Container '{id}' did not end in {options.Timeout.TotalSeconds:0.###} s: sending SIGKILL to all of its processes.");
            await KillAsync(Oci.Signal.Kill, all: true, cancellationToken).ConfigureAwait(false);
            using var patience = new Patience(s_killTimeout, cancellationToken);
            return await exit.WaitAsync(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"Cannot stop container '{id}': its process has not ended {s_killTimeout.TotalSeconds:0} s after SIGKILL. It may hang in the kernel, or its shim does not answer.");
        }
        finally
        {
            // The wait is a call of its own; whoever leaves early must not leave it behind.
            await ended.CancelAsync().ConfigureAwait(false);
            await exit.ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
        }
    }

    private async Task<ExitStatus> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await new ExitWait(calls, id, "").RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // It was there a moment ago: it has ended, and another client was quick to delete it.
            return ExitStatus.Lost;
        }
    }

    /// <summary>Sends the stop signal and waits; false where the process must be killed.</summary>
    private async Task<bool> SignalAsync(Task<ExitStatus> exit, CancellationToken cancellationToken)
    {
        // A process that was never started can't act on a signal; killing is all there is to do.
        if (task.State == TaskState.Created || options == StopOptions.AtOnce)
            return false;
        var signal = options.Signal ?? await StopSignalAsync(cancellationToken).ConfigureAwait(false);
        options.Step($"Sending {Oci.Signal.Name(signal)} to container '{id}'.");
        await KillAsync(signal, all: false, cancellationToken).ConfigureAwait(false);
        if (task.State is TaskState.Paused or TaskState.Pausing && signal != Oci.Signal.Kill)
            await ResumeAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            using var patience = new Patience(options.Timeout, cancellationToken);
            await exit.WaitAsync(patience.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return exit.IsCompletedSuccessfully;
        }
    }

    private async Task<int> StopSignalAsync(CancellationToken cancellationToken)
    {
        try
        {
            var container = await calls.GetContainerAsync(id, cancellationToken).ConfigureAwait(false);
            if (!container.Labels.TryGetValue(StopOptions.StopSignalLabel, out var label) || label.Length == 0)
                return Oci.Signal.Terminate;
            if (Oci.Signal.TryParse(label, out var signal))
                return signal;
            options.Step($"Container '{id}' has '{label}' as its stop signal, which is none: SIGTERM is used.");
        }
        catch (NotFoundException)
        {
            // A task whose container was removed (trap T1) can be stopped all the same.
        }

        return Oci.Signal.Terminate;
    }

    private async Task KillAsync(int signal, bool all, CancellationToken cancellationToken)
    {
        try
        {
            await calls.KillAsync(id, "", signal, all, cancellationToken, s_killTimeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or FailedPreconditionException or ShimGoneException)
        {
            // It ended meanwhile, which the wait tells; or it cannot take the signal, and then SIGKILL comes.
        }
    }

    // A frozen process can't act on the signal that it now has.
    private async Task ResumeAsync(CancellationToken cancellationToken)
    {
        var request = new Wire.Tasks.ResumeTaskRequest { ContainerId = id };
        try
        {
            await calls.CallAsync("resume", id, "", o => calls.Service.ResumeAsync(request, o), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or FailedPreconditionException)
        {
            // It ended, or somebody else resumed it.
        }
    }
}

using Containerd.Client.Io;

namespace Containerd.Client.Tasks;

/// <summary>
/// Runs one process from its creation to its deletion with a client at its streams, in the order that loses nothing: streams open, create,
/// wait under way, start, stdin, exit, drain, delete. Whatever goes wrong or is cancelled on the way, the process is killed and
/// deleted and its streams removed, under deadlines of their own.
/// </summary>
internal sealed class AttachedRun(ContainerdClient client, TaskCalls calls, IAttachable process, ProcessStreams streams)
{
    /// <exception cref="FailedPreconditionException">The server is not on this machine.</exception>
    public static void EnsureLocal(ContainerdClient client)
    {
        if (!client.Session.IsLocal)
        {
            throw new FailedPreconditionException(
                $"Cannot attach to a process of containerd at {client.Session.Address}: its input and output are FIFOs on the machine it runs on, and that is not this one.");
        }
    }

    public async Task<ProcessOutcome> RunAsync(bool terminal, CancellationToken cancellationToken)
    {
        EnsureLocal(client);
        using var discard = new CancellationTokenSource();
        IByteSink? Stoppable(IByteSink? sink) => sink is null ? null : new StoppableSink(sink, discard.Token);
        var io = ProcessIo.Create(client.Poller, new ProcessIoOptions
        {
            Id = process.ExecId.Length > 0 ? process.ExecId : process.ContainerId,
            Stdin = streams.Stdin is not null,
            StdoutSink = Stoppable(streams.Stdout),
            StderrSink = terminal ? null : Stoppable(streams.Stderr),
            Terminal = terminal,
            Directory = streams.FifoDirectory,
        });
        await using (io.ConfigureAwait(false))
        {
            return await RunAsync(io, discard, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<ProcessOutcome> RunAsync(ProcessIo io, CancellationTokenSource discard, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var create = process.CreateAsync(io.Paths);
        Task<int>? start = null;
        Task<ExitStatus>? exit = null;
        using var over = new CancellationTokenSource();
        try
        {
            await create.WaitAsync(cancellationToken).ConfigureAwait(false);
            exit = new ExitWait(calls, process.ContainerId, process.ExecId).RunAsync(over.Token);
            var startedAt = DateTimeOffset.UtcNow;
            start = process.StartAsync();
            var pid = await start.WaitAsync(cancellationToken).ConfigureAwait(false);
            io.Connected();
            var status = await ServeAsync(io, exit, cancellationToken).ConfigureAwait(false);
            var output = await io.DrainAsync(streams.IdleGrace, cancellationToken).ConfigureAwait(false);
            var delete = process.DeleteAsync();

            // The shim waits some seconds for the end of a stream that a child holds; for an exec nobody has to wait with it.
            if (output.OutputStillOpen && process.ExecId.Length > 0)
                _ = FailedStart.EndedAsync(delete);
            else
                await delete.ConfigureAwait(false);
            return new ProcessOutcome(
                process.ContainerId, process.ExecId.Length > 0 ? process.ExecId : null, pid, startedAt, status, output.OutputStillOpen, output.StdoutBytes, output.StderrBytes);
        }
        catch
        {
            await discard.CancelAsync().ConfigureAwait(false);
            await new FailedStart(process, create, start).CleanUpAsync(exit).ConfigureAwait(false);
            throw;
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await FailedStart.EndedAsync(exit).ConfigureAwait(false);
        }
    }

    /// <summary>Feeds stdin and waits for the exit. A sink or a source that fails ends the wait.</summary>
    private async Task<ExitStatus> ServeAsync(ProcessIo io, Task<ExitStatus> exit, CancellationToken cancellationToken)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var feed = streams.Stdin is { } stdin
            ? new StdinFeed(calls, process.ContainerId, process.ExecId, io, stdin).RunAsync(over.Token)
            : Task.CompletedTask;
        try
        {
            List<Task> watched = [feed, io.StdoutCompletion, io.StderrCompletion];
            while (!exit.IsCompleted)
            {
                watched.RemoveAll(task => task.IsCompletedSuccessfully);
                var first = await Task.WhenAny([exit, .. watched]).WaitAsync(cancellationToken).ConfigureAwait(false);
                await first.ConfigureAwait(false);
            }

            return await exit.ConfigureAwait(false);
        }
        finally
        {
            // A source may ignore its token (a read from a terminal does): it is not waited for.
            await over.CancelAsync().ConfigureAwait(false);
            _ = feed.ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);
        }
    }
}

using System.Runtime.ExceptionServices;

namespace Containerd.Client.Io;

/// <summary>
/// The streams of one process of a container, on this host. The order of calls is what keeps every byte: create it, put
/// <see cref="Paths"/> into the create or exec request, call <see cref="Connected"/> when that RPC (for an exec: Start) has
/// returned, feed and close stdin, wait for the exit, <see cref="DrainAsync"/>, delete the process, dispose.
/// </summary>
public abstract class ProcessIo : IAsyncDisposable
{
    // Never disposed: it has no timer and no wait handle, and a sink may hold its token longer than we live.
    private readonly CancellationTokenSource _aborted = new();
    private OutputPump? _stdout;
    private OutputPump? _stderr;
    private int _disposed;

    private protected ProcessIo(StdioPaths paths)
    {
        Paths = paths;
        Aborted = _aborted.Token;
    }

    /// <summary>What goes into the create or exec request.</summary>
    public StdioPaths Paths { get; }

    /// <summary>
    /// Completes when stdout has ended and its sink has all of it, faults with the sink's exception as soon as the sink throws,
    /// is cancelled by an abort. Watch it beside the exit to act on a failed sink before the process ends.
    /// </summary>
    public Task StdoutCompletion => _stdout?.Completion ?? Task.CompletedTask;

    /// <summary>As <see cref="StdoutCompletion"/>, for stderr.</summary>
    public Task StderrCompletion => _stderr?.Completion ?? Task.CompletedTask;

    /// <summary>Cancelled by <see cref="Abort"/>; what the sinks get.</summary>
    private protected CancellationToken Aborted { get; }

    /// <summary>No streams, as <see cref="StdioPaths.None"/>.</summary>
    public static ProcessIo Null() => new NullIo();

    /// <summary>
    /// Makes the streams: FIFOs on Linux, named pipes on Windows, opened on our side before any RPC, since the shim waits only 30 s
    /// for a reader (trap T5). Without stdin and sinks it is <see cref="Null"/>.
    /// </summary>
    /// <param name="poller">The session's poller.</param>
    /// <param name="options">What is wanted.</param>
    /// <exception cref="ArgumentException">The options contradict each other.</exception>
    /// <exception cref="IOException">The streams can't be made, e.g. the directory is not ours to write.</exception>
    public static ProcessIo Create(FifoPoller poller, ProcessIoOptions options)
    {
        ArgumentNullException.ThrowIfNull(poller);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (options is { Stdin: false, StdoutSink: null, StderrSink: null, Terminal: false })
            return Null();
        return OperatingSystem.IsWindows() ? NamedPipeIo.Listen(options) : FifoIo.Create(poller, options);
    }

    /// <summary>
    /// Opens the FIFOs that a running process already has, neither making nor removing any. Only one client can read at a time,
    /// and what was read before does not come again.
    /// </summary>
    /// <param name="poller">The session's poller.</param>
    /// <param name="paths">The paths as the server tells them of the task.</param>
    /// <param name="options">Which streams are wanted; the directory and owner mean nothing here.</param>
    /// <exception cref="IOException">A wanted stream is no FIFO, e.g. a log file, or can't be opened.</exception>
    public static ProcessIo Attach(FifoPoller poller, StdioPaths paths, ProcessIoOptions options)
    {
        ArgumentNullException.ThrowIfNull(poller);
        ArgumentNullException.ThrowIfNull(paths);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return FifoIo.Attach(poller, paths, options);
    }

    /// <summary>
    /// The RPC in which the shim opens its ends has returned. From now on stdin that nobody reads any more is noticed, as soon as the shim
    /// has opened its end, which may be a moment later; before, what is written waits in the pipe.
    /// </summary>
    public virtual void Connected()
    {
    }

    /// <summary>
    /// Writes to stdin, waiting while the process does not read. False: nobody reads any more, or stdin is closed or absent. Calls are
    /// served in order.
    /// </summary>
    /// <remarks>
    /// A process that closes its stdin and runs on is not noticed: the shim keeps that pipe open and fills it until the process is
    /// deleted. A write that waits then ends by its token, or with <see cref="DrainAsync"/>.
    /// </remarks>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait; some of the bytes may have been written.</param>
    public virtual ValueTask<bool> WriteStdinAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) => new(false);

    /// <summary>
    /// Closes our end of stdin when all writes begun are done. That alone gives the process no end of file: the shim holds the FIFO open
    /// too, so call the CloseIO RPC after it, and both only after Start (trap T11). Waits until the shim has its end open; a shim that
    /// never opens it (the process was gone first) is waited for until the token or <see cref="DrainAsync"/> ends that.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public virtual ValueTask CloseStdinAsync(CancellationToken cancellationToken = default) => ValueTask.CompletedTask;

    /// <summary>
    /// After the process has exited, and before it is deleted (trap T9): waits until all output is with its sinks. A child of
    /// the process may hold a stream open for ever (trap T10), so it ends too when no byte came for <paramref name="idleGrace"/>; a sink that
    /// is busy is not idleness. The sinks get nothing more afterwards. Stdin ends at once: writes still under way give false.
    /// </summary>
    /// <param name="idleGrace">How long silence is waited out, e.g. 2 s; <see cref="Timeout.InfiniteTimeSpan"/> waits for end of file.</param>
    /// <param name="cancellationToken">Ends the wait, not the streams.</param>
    /// <exception cref="OperationCanceledException">Cancelled, or the IO was aborted.</exception>
    /// <exception cref="AggregateException">Both sinks failed. If one failed, its own exception is thrown.</exception>
    public async Task<DrainResult> DrainAsync(TimeSpan idleGrace, CancellationToken cancellationToken = default)
    {
        AbortStdin();
        OutputPump[] pumps = [.. new[] { _stdout, _stderr }.OfType<OutputPump>()];
        var ended = Task.WhenAll(pumps.Select(pump => pump.Ended));
        var stillOpen = await WaitForEndAsync(pumps, ended, idleGrace, cancellationToken).ConfigureAwait(false);
        ThrowIfFailed(pumps);
        return new DrainResult(stillOpen, _stdout?.Bytes ?? 0, _stderr?.Bytes ?? 0);
    }

    /// <summary>Ends everything at once: pending reads, writes and drains; sinks get a cancelled token. The process is not touched.</summary>
    public void Abort()
    {
        try
        {
            _aborted.Cancel();
        }
        finally
        {
            _stdout?.Abort();
            _stderr?.Abort();
            AbortStdin();
        }
    }

    /// <summary>Aborts what has not ended and removes what was made for it. Idempotent.</summary>
    /// <exception cref="IOException">A FIFO of ours can't be removed.</exception>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        GC.SuppressFinalize(this);
        try
        {
            // Cancelling runs what the sinks registered for it, which may throw.
            Abort();
        }
        finally
        {
            await RemoveAsync().ConfigureAwait(false);
        }
    }

    private protected void SetOutput(OutputPump? stdout, OutputPump? stderr) => (_stdout, _stderr) = (stdout, stderr);

    private protected virtual void AbortStdin()
    {
    }

    private protected virtual ValueTask RemoveAsync() => ValueTask.CompletedTask;

    private static async Task<bool> WaitForEndAsync(OutputPump[] pumps, Task ended, TimeSpan grace, CancellationToken cancellationToken)
    {
        // Silence before the exit is no sign of a child that holds the stream: the whole grace is given from here on.
        var remaining = grace;
        while (!ended.IsCompleted)
        {
            try
            {
                await ended.WaitAsync(remaining, cancellationToken).ConfigureAwait(false);
            }
            catch (System.TimeoutException)
            {
                OutputPump[] open = [.. pumps.Where(pump => !pump.Ended.IsCompleted)];
                remaining = open.Any(pump => pump.IsBusy) ? grace : grace - open.Select(pump => pump.Idle).DefaultIfEmpty(grace).Min();
                if (remaining > TimeSpan.Zero)
                    continue;
                foreach (var pump in open)
                    pump.Stop();
                await ended.WaitAsync(cancellationToken).ConfigureAwait(false);
                return open.Length > 0;
            }
        }
        return false;
    }

    private static void ThrowIfFailed(OutputPump[] pumps)
    {
        Exception[] failures = [.. pumps.Select(pump => pump.Completion.Exception?.InnerException).OfType<Exception>()];
        if (failures.Length > 1)
            throw new AggregateException("Neither stdout nor stderr could be handed on.", failures);
        if (failures.Length == 1)
            ExceptionDispatchInfo.Throw(failures[0]);
        if (Array.Find(pumps, pump => pump.Completion.IsCanceled) is not null)
            throw new OperationCanceledException("The IO of the process was aborted.");
    }

    private sealed class NullIo() : ProcessIo(StdioPaths.None);
}

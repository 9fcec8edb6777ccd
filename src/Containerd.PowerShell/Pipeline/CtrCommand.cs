using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Pipeline;

/// <summary>
/// The base of every cmdlet: runs asynchronous work while the pipeline's thread writes what the work puts out, as it
/// arrives. Several pieces of work run side by side; an error of one is an error record and does not stop the others.
/// Ctrl+C cancels all of it at once and waits a moment for what was half made to be cleaned up.
/// </summary>
public abstract class CtrCommand : PSCmdlet, IDisposable
{
    // Ctrl+C has to give the prompt back within a second; clean-up that takes longer goes on behind it.
    private static readonly TimeSpan s_cleanupGrace = TimeSpan.FromMilliseconds(800);

    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _running = [];
    private volatile bool _aborted;
    private bool _disposed;
    private long? _graceEnds;

    private protected CtrCommand()
    {
    }

    /// <summary>Cancelled by Ctrl+C, and when the pipeline ends early.</summary>
    protected CancellationToken Cancellation => _stop.Token;

    /// <summary>The streams of this cmdlet, for work on other threads.</summary>
    private protected CommandOutput Output { get; } = new();

    /// <summary>How many pieces of work run side by side.</summary>
    private protected virtual int MostAtOnce => 1;

    /// <summary>Releases what the cmdlet holds; work still under way is cancelled.</summary>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Cancels the work under way (Ctrl+C).</summary>
    protected override void StopProcessing()
    {
        _aborted = true;
        _stop.Cancel();
        Output.Wake();
    }

    /// <summary>Waits for all work under way and writes its output.</summary>
    protected override void EndProcessing() => PumpUntil(() => _running.Count == 0);

    /// <summary>Releases what the cmdlet holds.</summary>
    /// <param name="disposing">True when called by Dispose.</param>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing || _disposed)
            return;
        _disposed = true;
        _aborted = true;

        // Reached with work under way when a cmdlet further down ended the pipeline (Select-Object -First).
        // The token source and the queue are left to the collector: the work may still look at them.
        _stop.Cancel();
        WaitForCleanup();
    }

    /// <summary>
    /// Starts a piece of work and returns when there is room for another; what it throws becomes an error record about its target.
    /// </summary>
    /// <param name="target">The object the work is about, most often an id.</param>
    /// <param name="work">The work.</param>
    private protected void Start(object? target, Func<CancellationToken, Task> work)
    {
        PumpUntil(() => _running.Count < MostAtOnce);
        var task = Task.Run(() => GuardAsync(target, work));
        lock (_running)
            _running.Add(task);
        task.ContinueWith(
            ended =>
            {
                lock (_running)
                    _running.Remove(ended);
                Output.Wake();
            },
            TaskScheduler.Default);
        PumpWhatIsThere();
    }

    /// <summary>Runs work to its end and returns its result; what it throws ends the cmdlet.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="target">The object the work is about.</param>
    /// <param name="work">The work.</param>
    /// <returns>The result.</returns>
    private protected T Await<T>(object? target, Func<CancellationToken, Task<T>> work)
    {
        try
        {
            return Complete(Task.Run(() => work(Cancellation)));
        }
        catch (Exception e) when (e is not PipelineStoppedException)
        {
            ThrowTerminatingError(ErrorRecords.From(e, target));
            throw;
        }
    }

    /// <summary>Runs work to its end; what it throws is an error record about its target, and others go on.</summary>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="target">The object the work is about.</param>
    /// <param name="work">The work.</param>
    /// <param name="result">The result.</param>
    /// <returns>False when it failed.</returns>
    private protected bool TryAwait<T>(object? target, Func<CancellationToken, Task<T>> work, [MaybeNullWhen(false)] out T result)
    {
        ErrorRecord error;
        try
        {
            result = Complete(Task.Run(() => work(Cancellation)));
            return true;
        }
#pragma warning disable CA1031 // Whatever goes wrong with one object is reported about it and does not end the others.
        catch (Exception e) when (e is not PipelineStoppedException)
#pragma warning restore CA1031
        {
            error = ErrorRecords.From(e, target);
        }

        WriteError(error);
        result = default;
        return false;
    }

    private T Complete<T>(Task<T> task)
    {
        task.ContinueWith(_ => Output.Wake(), TaskScheduler.Default);
        PumpUntil(() => task.IsCompleted);
        try
        {
            return task.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    private async Task GuardAsync(object? target, Func<CancellationToken, Task> work)
    {
        try
        {
            await work(Cancellation).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // The user's own wish.
        }
#pragma warning disable CA1031 // Whatever goes wrong with one object is reported about it and does not end the others.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Output.WriteError(ErrorRecords.From(e, target));
        }
    }

    private void PumpWhatIsThere()
    {
        while (Output.TryTake(TimeSpan.Zero, out var entry))
            Write(entry);
    }

    /// <summary>Writes what the work puts out until a condition holds. Whoever makes it true wakes the thread (<see cref="CommandOutput.Wake"/>).</summary>
    /// <param name="done">The condition.</param>
    private protected void PumpUntil(Func<bool> done)
    {
        while (!_aborted)
        {
            PumpWhatIsThere();
            if (Done(done))
            {
                // What the work wrote before it ended is in the queue by now.
                PumpWhatIsThere();
                return;
            }

            if (Output.TryTake(Timeout.InfiniteTimeSpan, out var entry))
                Write(entry);
        }

        WaitForCleanup();
        throw new PipelineStoppedException();
    }

    private bool Done(Func<bool> done)
    {
        lock (_running)
            return done();
    }

    private void Write(Action<Cmdlet>? entry)
    {
        if (entry is null || _aborted)
            return;
        try
        {
            entry(this);
        }
        catch
        {
            // The pipeline is ending (-ErrorAction Stop, or a cmdlet further down has enough): so does the work.
            _aborted = true;
            _stop.Cancel();
            WaitForCleanup();
            throw;
        }
    }

    private void WaitForCleanup()
    {
        Task[] left;
        lock (_running)
            left = [.. _running];
        if (left.Length == 0)
            return;

        // One grace for all: the end of the pipeline and then Dispose both come here.
        _graceEnds ??= Environment.TickCount64 + (long)s_cleanupGrace.TotalMilliseconds;
        Task.WaitAll(left, (int)Math.Max(0, _graceEnds.Value - Environment.TickCount64));
    }
}

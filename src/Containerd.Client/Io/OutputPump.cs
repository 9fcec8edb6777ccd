using System.Diagnostics;

namespace Containerd.Client.Io;

/// <summary>Carries one output stream of a process into a sink until end of file, until stopped, or until aborted.</summary>
internal abstract class OutputPump(IByteSink sink, CancellationToken aborted)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private long _lastActivity = Stopwatch.GetTimestamp();
    private volatile bool _failed;

    /// <summary>Completes when the sink has all there is, faults as soon as the sink does, is cancelled by an abort.</summary>
    public Task Completion => _completion.Task;

    /// <summary>Completes, whatever became of the sink, when the stream has ended and nothing more happens here.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Bytes read so far.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>The sink has bytes in hand, or more are there to be read: the silence is our side's doing, not the process's.</summary>
    public abstract bool IsBusy { get; }

    /// <summary>How long ago the last bytes came, or were taken by the sink.</summary>
    public TimeSpan Idle => Stopwatch.GetElapsedTime(Volatile.Read(ref _lastActivity));

    protected IByteSink Sink => sink;

    protected CancellationToken Aborted => aborted;

    /// <summary>The sink failed: what still comes is read and thrown away, so that the process can go on (trap T8).</summary>
    protected bool Failed => _failed;

    /// <summary>Takes no more bytes and ends as though the stream had; a delivery under way is finished first.</summary>
    public abstract void Stop();

    /// <summary>Takes no more bytes and ends at once, cancelled.</summary>
    public abstract void Abort();

    protected void Count(int bytes)
    {
        Volatile.Write(ref _bytes, _bytes + bytes);
        Touch();
    }

    protected void Touch() => Volatile.Write(ref _lastActivity, Stopwatch.GetTimestamp());

    protected void Fail(Exception exception)
    {
        _failed = true;
        if (exception is OperationCanceledException && aborted.IsCancellationRequested)
            _completion.TrySetCanceled(aborted);
        else
            _completion.TrySetException(exception);
    }

    /// <summary>Tells the sink that there is no more and ends. Never throws: what fails is in <see cref="Completion"/>.</summary>
    protected async Task FinishAsync()
    {
        try
        {
            if (!_failed)
                await sink.CompleteAsync(aborted).ConfigureAwait(false);
            _completion.TrySetResult();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        _ended.TrySetResult();
    }

    protected void SetAborted()
    {
        _completion.TrySetCanceled(aborted.IsCancellationRequested ? aborted : new CancellationToken(canceled: true));
        _ended.TrySetResult();
    }
}

namespace Containerd.Client.Tasks;

/// <summary>A token that ends with the caller's own or when the time is up, and knows which it was.</summary>
internal sealed class Patience : IDisposable
{
    private readonly CancellationToken _outer;
    private readonly CancellationTokenSource _source;

    public Patience(TimeSpan time, CancellationToken cancellationToken = default)
    {
        _outer = cancellationToken;
        _source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);

        // A timer takes 49 days at most; whoever waits longer than that waits for ever.
        if (time >= TimeSpan.Zero && time.TotalMilliseconds < uint.MaxValue - 1)
            _source.CancelAfter(time);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>The time was up, and nobody cancelled.</summary>
    public bool IsOver => _source.IsCancellationRequested && !_outer.IsCancellationRequested;

    public void Dispose() => _source.Dispose();
}

using Containerd.Client.Io;

namespace Containerd.Client.Tasks;

/// <summary>
/// A sink that can be taken away: what is under way to it is cancelled, and from then on the output is read and thrown away, so that a
/// process that is being killed does not wait for its reader (trap T8).
/// </summary>
internal sealed class StoppableSink(IByteSink inner, CancellationToken stop) : IByteSink
{
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // The token of the IO is cancelled later than this one, never earlier: it is cancelled when all is over.
        stop.ThrowIfCancellationRequested();
        return inner.WriteAsync(bytes, stop);
    }

    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        stop.ThrowIfCancellationRequested();
        return inner.CompleteAsync(stop);
    }
}

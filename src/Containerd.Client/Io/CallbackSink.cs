namespace Containerd.Client.Io;

/// <summary>Hands every piece of a stream to a function.</summary>
/// <param name="write">As <see cref="IByteSink.WriteAsync"/>: the memory is not the function's once its task has ended.</param>
/// <param name="complete">As <see cref="IByteSink.CompleteAsync"/>; may be left out.</param>
public sealed class CallbackSink(
    Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write, Func<CancellationToken, ValueTask>? complete = null) : IByteSink
{
    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => write(bytes, cancellationToken);

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken) => complete?.Invoke(cancellationToken) ?? ValueTask.CompletedTask;
}

namespace Containerd.Client.Io;

/// <summary>
/// Takes the bytes of one output stream of a process, in order and one call at a time. While a call's task is pending
/// the stream is not read, so a slow sink slows the process instead of filling memory.
/// </summary>
/// <remarks>
/// A call runs on the one thread that reads all streams of a session: do there what takes microseconds and return; what
/// takes longer belongs behind the pending task. A sink that throws gets no more bytes; the stream is read on and thrown
/// away (a process that nobody drains would hang, trap T8) and the exception comes out of
/// <see cref="ProcessIo.StdoutCompletion"/> at once and of <see cref="ProcessIo.DrainAsync"/> in the end.
/// </remarks>
public interface IByteSink
{
    /// <summary>Takes the next bytes. The memory is the caller's again when the task ends: copy what must live on.</summary>
    /// <param name="bytes">The bytes as the process wrote them, never empty, cut wherever the pipe cut them.</param>
    /// <param name="cancellationToken">Cancelled when the process's IO is aborted or disposed.</param>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>
    /// No more bytes will come: called once after the last <see cref="WriteAsync"/>, at end of file or when waiting for it was
    /// given up. Not called after an abort nor after the sink itself failed.
    /// </summary>
    /// <param name="cancellationToken">Cancelled when the process's IO is aborted or disposed.</param>
    ValueTask CompleteAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;
}

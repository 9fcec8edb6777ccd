using System.Buffers;
using System.IO.Pipes;

namespace Containerd.Client.Io;

/// <summary>Waits for the shim to connect to a pipe, then carries what it writes into the sink.</summary>
internal sealed class NamedPipeReader : OutputPump
{
    private const int BufferSize = 64 * 1024;

    private readonly NamedPipeServerStream _pipe;
    private readonly CancellationTokenSource _stop;
    private volatile bool _delivering;

    public NamedPipeReader(NamedPipeServerStream pipe, IByteSink sink, CancellationToken aborted)
        : base(sink, aborted)
    {
        _pipe = pipe;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(aborted);
        _ = RunAsync();
    }

    public override bool IsBusy => _delivering;

    public override void Stop() => _stop.Cancel();

    // The token that every pump shares is cancelled by then, so reading ends by itself.
    public override void Abort() => SetAborted();

    private async Task RunAsync()
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            await _pipe.WaitForConnectionAsync(_stop.Token).ConfigureAwait(false);
            int count;
            while ((count = await _pipe.ReadAsync(buffer, _stop.Token).ConfigureAwait(false)) > 0)
            {
                Count(count);
                if (!Failed)
                    await DeliverAsync(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped or aborted, which is an end like end of file; an abort has said so already.
        }
        catch (IOException e)
        {
            Fail(e);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        await _pipe.DisposeAsync().ConfigureAwait(false);
        if (!Aborted.IsCancellationRequested)
            await FinishAsync().ConfigureAwait(false);
    }

    private async ValueTask DeliverAsync(ReadOnlyMemory<byte> bytes)
    {
        _delivering = true;
        try
        {
            await Sink.WriteAsync(bytes, Aborted).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Fail(e);
        }
        Touch();
        _delivering = false;
    }
}

using System.IO.Pipes;

namespace Containerd.Client.Io;

/// <summary>Stdin over a named pipe: writes wait until the shim has connected.</summary>
internal sealed class NamedPipeWriter
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private readonly NamedPipeServerStream _pipe;
    private readonly Task _connected;

    public NamedPipeWriter(NamedPipeServerStream pipe)
    {
        _pipe = pipe;
        _connected = pipe.WaitForConnectionAsync(_closed.Token);
    }

    /// <summary>As <see cref="ProcessIo.WriteStdinAsync"/>.</summary>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token);
        try
        {
            await _connected.WaitAsync(either.Token).ConfigureAwait(false);
            await _pipe.WriteAsync(bytes, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The shim has closed its end, or we ours: either way nobody reads any more.
            return false;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>As <see cref="ProcessIo.CloseStdinAsync"/>.</summary>
    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Abort();
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes our end now; a write under way ends as though nobody read any more.</summary>
    public void Abort()
    {
        _closed.Cancel();
        _pipe.Dispose();
    }
}

using System.IO.Pipes;
using System.Net.Sockets;

namespace Containerd.Client.Connection;

/// <summary>
/// Opens the byte stream under the gRPC channel. A socket that is not there yet, or that nobody accepts on, is tried again
/// until the connect timeout: containerd may just be starting (the Go client's dialer does the same).
/// </summary>
internal sealed class SocketDialer(ServerAddress address, TimeSpan timeout)
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(10);

    public async ValueTask<Stream> DialAsync(SocketsHttpConnectionContext _, CancellationToken cancellationToken)
    {
        var deadline = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        while (true)
        {
            try
            {
                return address.Transport == ServerTransport.NamedPipe
                    ? await OpenPipeAsync(cancellationToken).ConfigureAwait(false)
                    : await OpenSocketAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (SocketException e) when (MayComeUp(e))
            {
                if (Environment.TickCount64 >= deadline)
                    throw Describe(e);
            }
            catch (SocketException e)
            {
                throw Describe(e);
            }

            await Task.Delay(RetryInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    private static bool MayComeUp(SocketException e) => e.SocketErrorCode
        is SocketError.AddressNotAvailable or SocketError.ConnectionRefused or SocketError.TryAgain or SocketError.HostNotFound
        || e.NativeErrorCode == 2; // ENOENT: no socket at the path yet

    private async ValueTask<Stream> OpenSocketAsync(CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(address.Target), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async ValueTask<Stream> OpenPipeAsync(CancellationToken cancellationToken)
    {
        var pipe = new NamedPipeClientStream(".", address.Target, PipeDirection.InOut, PipeOptions.Asynchronous);
        try
        {
            await pipe.ConnectAsync(timeout, cancellationToken).ConfigureAwait(false);
            return pipe;
        }
        catch (System.TimeoutException e)
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw new ConnectionException(address.ToString(), $"No containerd answers at {address}.", innerException: e);
        }
        catch
        {
            await pipe.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private ConnectionException Describe(SocketException e) => e.SocketErrorCode switch
    {
        SocketError.AccessDenied => new ConnectionException(
            address.ToString(),
            $"No permission to use the containerd socket {address}: run as root, or have the socket's owner allow it.",
            permissionDenied: true,
            e),
        SocketError.ConnectionRefused => new ConnectionException(
            address.ToString(),
            $"No containerd answers at {address}: the socket is there but nobody listens on it. Is the daemon running?",
            innerException: e),
        _ when MayComeUp(e) => new ConnectionException(
            address.ToString(),
            $"No containerd at {address}: there is no such socket. Is the daemon running, and is this its address?",
            innerException: e),
        _ => new ConnectionException(address.ToString(), $"Connecting to containerd at {address} failed: {e.Message}.", innerException: e),
    };
}

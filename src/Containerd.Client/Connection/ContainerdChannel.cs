using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace Containerd.Client.Connection;

/// <summary>
/// The one gRPC channel of a session. It reconnects by itself on the next call after the server went away; hundreds of
/// pending waits share it.
/// </summary>
public sealed class ContainerdChannel : IDisposable
{
    // containerd's own limit in both directions (its defaults package); .NET's default of 4 MiB is too small for long lists.
    private const int MaxMessageSize = 16 << 20;

    private readonly GrpcChannel _channel;
    private int _disposed;

    /// <summary>Makes the channel; nothing is sent before the first call.</summary>
    /// <param name="options">Where and how to connect.</param>
    public ContainerdChannel(ConnectionOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        Options = options;

        // KeepAlivePingDelay stays infinite: containerd sets no keep-alive policy, so pings more often than every five
        // minutes end the whole connection with ENHANCE_YOUR_CALM (trap T22).
        var handler = new SocketsHttpHandler
        {
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 1 << 20,
            UseProxy = false,
            ConnectTimeout = options.ConnectTimeout + TimeSpan.FromSeconds(1),
        };
        if (options.Address.Transport == ServerTransport.Https)
            UseTls(handler, options);
        else
            handler.ConnectCallback = new SocketDialer(options.Address, options.ConnectTimeout).DialAsync;

        _channel = GrpcChannel.ForAddress(options.Address.ChannelUri, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageSize,
            MaxSendMessageSize = MaxMessageSize,

            // No retries below us: an exec that is started twice kills its shim (trap T2).
            MaxRetryAttempts = 1,
        });
        Invoker = _channel.CreateCallInvoker();
    }

    /// <summary>How the channel was made.</summary>
    public ConnectionOptions Options { get; }

    /// <summary>True once disposed.</summary>
    public bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    /// <summary>What the generated clients call through.</summary>
    internal CallInvoker Invoker { get; }

    /// <summary>Ends every call under way and closes the connection.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _channel.Dispose();
    }

    private static void UseTls(SocketsHttpHandler handler, ConnectionOptions options)
    {
        var tls = new SslClientAuthenticationOptions { ApplicationProtocols = [SslApplicationProtocol.Http2] };
        if (options.ClientCertificate is { } certificate)
            tls.ClientCertificates = [certificate];
        if (options.CertificateAuthority is { } authority)
        {
            tls.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            tls.CertificateChainPolicy.CustomTrustStore.Add(authority);
        }

        handler.SslOptions = tls;
    }
}

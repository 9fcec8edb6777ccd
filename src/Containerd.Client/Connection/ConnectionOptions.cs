using System.Security.Cryptography.X509Certificates;

namespace Containerd.Client.Connection;

/// <summary>How to connect to a containerd.</summary>
public sealed record ConnectionOptions
{
    /// <summary>The longest time any call that should answer at once is given before it counts as hung.</summary>
    public static readonly TimeSpan DefaultCallTimeout = TimeSpan.FromSeconds(60);

    /// <summary>Where the server listens.</summary>
    public required ServerAddress Address { get; init; }

    /// <summary>
    /// How long connecting waits for the server to be there: containerd may just be starting. A missing socket and a refused
    /// connection are tried again until then, as containerd's own client does; a permission error is final at once.
    /// </summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The deadline of every call that should answer at once, so that a hung server or shim never hangs the caller.</summary>
    public TimeSpan CallTimeout { get; init; } = DefaultCallTimeout;

    /// <summary>The client's certificate with its private key, for https addresses with mutual TLS.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>The certificate authority that must have signed the server's certificate; null for the system's own.</summary>
    public X509Certificate2? CertificateAuthority { get; init; }
}


namespace Containerd.Client.Connection;

/// <summary>How a server is reached.</summary>
public enum ServerTransport
{
    /// <summary>A Unix domain socket on this machine.</summary>
    UnixSocket,

    /// <summary>A Windows named pipe on this machine.</summary>
    NamedPipe,

    /// <summary>TCP with TLS.</summary>
    Https,
}

/// <summary>Where a containerd listens, in one of the forms that ctr and nerdctl take.</summary>
public sealed record ServerAddress
{
    private ServerAddress(ServerTransport transport, string target, Uri channelUri) =>
        (Transport, Target, ChannelUri) = (transport, target, channelUri);

    /// <summary>containerd's default socket on Linux, or its default pipe on Windows (containerd's defaults package).</summary>
    public static string Default => OperatingSystem.IsWindows()
        ? "npipe://./pipe/containerd-containerd"
        : "unix:///run/containerd/containerd.sock";

    /// <summary>How the server is reached.</summary>
    public ServerTransport Transport { get; }

    /// <summary>The socket's path, the pipe's name (without \\.\pipe\) or host:port.</summary>
    public string Target { get; }

    /// <summary>The URI that gRPC puts into its :authority; for sockets and pipes a fixed one.</summary>
    public Uri ChannelUri { get; }

    /// <summary>True when the server runs on this machine by the very nature of the transport.</summary>
    public bool IsLocal => Transport != ServerTransport.Https;

    /// <summary>Reads <c>unix:///run/…</c>, a bare absolute path, <c>npipe://./pipe/…</c>, <c>\\.\pipe\…</c> or <c>https://host:port</c>.</summary>
    /// <param name="address">The address as typed.</param>
    /// <returns>The address in its parts.</returns>
    /// <exception cref="InvalidArgumentException">It has none of these forms.</exception>
    public static ServerAddress Parse(string address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var text = address.Trim();
        if (text.StartsWith("unix://", StringComparison.OrdinalIgnoreCase))
            return Unix(address, text["unix://".Length..]);
        if (text.StartsWith(@"\\.\pipe\", StringComparison.Ordinal))
            return Pipe(address, text[@"\\.\pipe\".Length..]);
        if (text.StartsWith("npipe://", StringComparison.OrdinalIgnoreCase))
        {
            var path = text["npipe://".Length..].Replace('\\', '/').TrimStart('/');
            return path.StartsWith("./pipe/", StringComparison.OrdinalIgnoreCase)
                ? Pipe(address, path["./pipe/".Length..])
                : throw Illegal(address);
        }

        if (text.StartsWith('/'))
            return Unix(address, text);
        if (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.AbsolutePath == "/")
            return new ServerAddress(ServerTransport.Https, uri.Authority, uri);
        throw Illegal(address);
    }

    /// <summary>The address in its full form, with its scheme.</summary>
    public override string ToString() => Transport switch
    {
        ServerTransport.UnixSocket => "unix://" + Target,
        ServerTransport.NamedPipe => "npipe://./pipe/" + Target,
        _ => "https://" + Target,
    };

    private static ServerAddress Unix(string typed, string path)
    {
        // sun_path holds 108 bytes with its terminating zero (unix(7)).
        if (!path.StartsWith('/') || System.Text.Encoding.UTF8.GetByteCount(path) > 107)
            throw Illegal(typed, "a Unix socket's path starts with / and has at most 107 bytes");
        return new ServerAddress(ServerTransport.UnixSocket, path, new Uri("http://localhost"));
    }

    private static ServerAddress Pipe(string typed, string name) => name.Length is 0 or > 247 || name.Contains('/') || name.Contains('\\')
        ? throw Illegal(typed)
        : new ServerAddress(ServerTransport.NamedPipe, name, new Uri("http://localhost"));

    private static InvalidArgumentException Illegal(string typed, string? why = null) => new(
        "Address",
        $"'{typed}' is no address of a containerd{(why is null ? "" : $" ({why})")}: expected unix:///path/to/containerd.sock, " +
        "an absolute path, npipe://./pipe/name or https://host:port.");
}

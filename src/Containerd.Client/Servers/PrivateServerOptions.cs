namespace Containerd.Client.Servers;

/// <summary>How to start a private containerd.</summary>
public sealed record PrivateServerOptions
{
    /// <summary>The containerd program, or a directory that has it with its shim and runc; null to look on PATH.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// The directory for everything it owns, which must not exist or be empty; null for a new one among the temporary files.
    /// It is removed when the server is stopped. Its path is short: a Unix socket's has at most 107 bytes.
    /// </summary>
    public string? Directory { get; init; }

    /// <summary>True to let the server outlive this process.</summary>
    public bool Detached { get; init; }

    /// <summary>How long to wait until it serves.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

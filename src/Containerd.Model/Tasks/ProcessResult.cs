namespace Containerd;

/// <summary>How a process ended and all it wrote.</summary>
public sealed record ProcessResult : SessionObject
{
    /// <summary>The container it ran in.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The exec process's id; null when it was the container's init process.</summary>
    public string? ExecId { get; init; }

    /// <summary>The exit code; 128 + the signal's number where a signal ended it; null where the server lost it.</summary>
    public required int? ExitCode { get; init; }

    /// <summary>All it wrote to stdout, decoded as UTF-8.</summary>
    public string StandardOutput { get; init; } = "";

    /// <summary>All it wrote to stderr, decoded as UTF-8; empty with a terminal, where both are one.</summary>
    public string StandardError { get; init; } = "";

    /// <summary>When it was started (UTC, the client's clock).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When it ended (UTC, the server's clock); null where the server lost it.</summary>
    public required DateTimeOffset? ExitedAt { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan? Duration => ExitedAt is { } end ? (end > StartedAt ? end - StartedAt : TimeSpan.Zero) : null;

    /// <summary>True when it wrote more than is kept: 64 MiB of each stream.</summary>
    public bool OutputTruncated { get; init; }

    /// <summary>True when a background child still held stdout or stderr after the process had ended, so more output may have come.</summary>
    public bool OutputStillOpen { get; init; }
}

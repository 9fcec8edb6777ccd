namespace Containerd;

/// <summary>
/// A private containerd that Start-CtrServer started: its own root, state, socket and containerd namespace. Piped to
/// New-CtrSession it gives a session to it.
/// </summary>
public sealed record Server
{
    /// <summary>The address of its socket, such as unix:///tmp/ctr-0f3a9c1e2b/c.sock.</summary>
    public required string Address { get; init; }

    /// <summary>The containerd namespace made for it: runc keeps its state by namespace, whichever server asked, so no other server should use it.</summary>
    public required string Namespace { get; init; }

    /// <summary>The version the server reports.</summary>
    public required string Version { get; init; }

    /// <summary>The directory of everything it owns; removed when it is stopped.</summary>
    public required string Directory { get; init; }

    /// <summary>The daemon's log.</summary>
    public required string LogPath { get; init; }

    /// <summary>The daemon's process id.</summary>
    public required int Pid { get; init; }

    /// <summary>The process id of the script that watches over it and cleans up after it.</summary>
    public required int GuardPid { get; init; }

    /// <summary>True when it outlives the process that started it, until Stop-CtrServer.</summary>
    public required bool Detached { get; init; }

    /// <summary>When it was started (UTC).</summary>
    public DateTimeOffset StartedAt { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>The address.</summary>
    public override string ToString() => Address;
}

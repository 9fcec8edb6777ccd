namespace Containerd;

/// <summary>What a snapshot can be used for.</summary>
public enum SnapshotKind
{
    /// <summary>The server did not say.</summary>
    Unknown = 0,

    /// <summary>Can be read, and never committed.</summary>
    View = 1,

    /// <summary>Can be written, and committed.</summary>
    Active = 2,

    /// <summary>Can no longer change; others build on it.</summary>
    Committed = 3,
}

/// <summary>A snapshot: one layer of a file system, or the writable one on top of them.</summary>
public sealed record Snapshot : SessionObject
{
    /// <summary>The key of an active snapshot or view; the name of a committed one, which for an image's layer is its chain id.</summary>
    public required string Key { get; init; }

    /// <summary>The snapshotter that holds it, such as overlayfs.</summary>
    public required string Snapshotter { get; init; }

    /// <summary>The name of the snapshot it builds on; empty for a bottom layer.</summary>
    public required string Parent { get; init; }

    /// <summary>What it can be used for.</summary>
    public required SnapshotKind Kind { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The labels, by key.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The key.</summary>
    public override string ToString() => Key;
}

/// <summary>What a snapshot takes on disk, without the snapshots below it.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Inodes">Files and directories.</param>
public sealed record SnapshotUsage(long Size, long Inodes);

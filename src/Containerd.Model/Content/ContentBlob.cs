namespace Containerd;

/// <summary>A blob in a containerd's content store: bytes that are named by their digest.</summary>
public sealed record ContentBlob : SessionObject
{
    /// <summary>The digest, such as sha256:….</summary>
    public required string Digest { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>When it was committed (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its labels were last changed (UTC); null where the server does not say (containerd 1.7 in a list).</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>The labels, by key. Those that begin with containerd.io/gc.ref keep other blobs and snapshots alive.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The digest.</summary>
    public override string ToString() => Digest;
}

/// <summary>A write into the content store that is not committed yet.</summary>
public sealed record ContentIngest : SessionObject
{
    /// <summary>The ingest's name.</summary>
    public required string Ref { get; init; }

    /// <summary>How many bytes are written.</summary>
    public required long Offset { get; init; }

    /// <summary>How many bytes there will be; 0 where the writer did not say.</summary>
    public required long Total { get; init; }

    /// <summary>The digest the whole must have; empty where the writer did not say.</summary>
    public required string Expected { get; init; }

    /// <summary>When the write began (UTC).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When data last came (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The ingest's name.</summary>
    public override string ToString() => Ref;
}

namespace Containerd;

/// <summary>A lease: it keeps the garbage collector off what was made under it until it is deleted or expires.</summary>
public sealed record Lease : SessionObject
{
    /// <summary>The id, unique in the namespace.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the garbage collector may take it (UTC); null when it is kept until it is deleted.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The labels, by key.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The id.</summary>
    public override string ToString() => Id;
}

/// <summary>Something a lease protects.</summary>
/// <param name="Type">content, ingests, or snapshots/ and the snapshotter's name.</param>
/// <param name="Id">A digest, an ingest's name or a snapshot's key.</param>
public sealed record LeaseResource(string Type, string Id);

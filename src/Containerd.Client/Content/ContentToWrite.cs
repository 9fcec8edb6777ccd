namespace Containerd.Client.Content;

/// <summary>A blob to be written, and what it must turn out to be.</summary>
/// <param name="Reference">The name of the write: unique among all writes of the namespace, the same again to resume one.</param>
public sealed record ContentToWrite(string Reference)
{
    /// <summary>The digest the whole must have; null where only the bytes will tell.</summary>
    public string? Digest { get; init; }

    /// <summary>The bytes the whole must have; null where only the end of the source will tell.</summary>
    public long? Size { get; init; }

    /// <summary>The blob's labels; set together with the commit, so that the garbage collector never sees it without them.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>True to keep what was written of a write that fails, to go on from there later.</summary>
    public bool KeepOnFailure { get; init; }

    /// <summary>How long to wait while another writer holds the reference.</summary>
    public TimeSpan LockTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>A blob that is in the store.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Existed">True when the store had it before.</param>
public sealed record WrittenContent(string Digest, long Size, bool Existed);

namespace Containerd;

/// <summary>An image: a name, and the manifest or index in the content store that it stands for.</summary>
public sealed record Image : SessionObject
{
    /// <summary>The full name, such as docker.io/library/alpine:3.20.</summary>
    public required string Name { get; init; }

    /// <summary>The digest of the manifest, or of the index where the image has several platforms.</summary>
    public required string Digest { get; init; }

    /// <summary>The media type of what the digest names.</summary>
    public required string MediaType { get; init; }

    /// <summary>
    /// The bytes in the content store of the server's own platform: manifest, config and layers as they are stored. Null
    /// where that cannot be told, because the image has nothing for this platform or its content is not complete.
    /// </summary>
    public long? Size { get; init; }

    /// <summary>The platforms the image is for, such as linux/amd64; empty where its content cannot be read.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>When the name was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the name was last pointed at other content, or its labels changed (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The labels, by key.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The name, so that an image can stand where a name is expected.</summary>
    public override string ToString() => Name;
}

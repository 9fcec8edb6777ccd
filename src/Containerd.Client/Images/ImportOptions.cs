using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>What every import has in common.</summary>
public abstract record ImportOptions
{
    // Gzip makes at most 1,032 bytes of one; layers are seldom more than ten times smaller compressed.
    private const int LargestExpansion = 200;
    private const long AlwaysAllowed = 1L << 30;

    /// <summary>The file or directory to import.</summary>
    public required string Path { get; init; }

    /// <summary>The image's name, completed the way docker users write it; null for the archive's own.</summary>
    public string? Name { get; init; }

    /// <summary>The platform to import and unpack; null to import all of the archive and unpack the server's.</summary>
    public Platform? Platform { get; init; }

    /// <summary>The snapshotter to unpack into; null for the namespace's default.</summary>
    public string? Snapshotter { get; init; }

    /// <summary>Whether to unpack the image; else that is done when the first container is made of it.</summary>
    public bool Unpack { get; init; } = true;

    /// <summary>
    /// The most bytes that any layer, or a compressed archive, may have uncompressed; null for 200 times its size and 1 GiB in
    /// any case, a limit that no honest one reaches.
    /// </summary>
    public long? MaximumSize { get; init; }

    /// <summary>The image's labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The most bytes that a layer or archive of a size may have uncompressed.</summary>
    /// <param name="size">Its bytes as they are.</param>
    /// <returns>The limit.</returns>
    internal long MostBytes(long size) => MaximumSize ?? Math.Max(AlwaysAllowed, size * LargestExpansion);
}

/// <summary>An import of an archive of images: an OCI image layout or what docker save writes, plain or compressed.</summary>
public sealed record ArchiveImportOptions : ImportOptions;

/// <summary>An import of a root file system, as a directory or as a tar, plain or compressed.</summary>
public sealed record RootFsImportOptions : ImportOptions
{
    /// <summary>How containers of the image run unless told otherwise.</summary>
    public ExecutionConfig Config { get; init; } = new();

    /// <summary>A remark on where the image comes from, kept in its history.</summary>
    public string? Comment { get; init; }
}

/// <summary>What an import is doing.</summary>
public enum ImportPhase
{
    /// <summary>Reads a compressed archive to see what is in it; bytes are those of the file.</summary>
    Reading,

    /// <summary>Writes content to the server; bytes are those of the content.</summary>
    Writing,

    /// <summary>The server unpacks layers; counts are layers.</summary>
    Unpacking,
}

/// <summary>How far an import has come.</summary>
/// <param name="Phase">What it is doing.</param>
/// <param name="Done">Bytes or layers done.</param>
/// <param name="Total">Of how many; 0 where that is not known.</param>
/// <param name="Subject">What it works on: a file of the archive, an image.</param>
public readonly record struct ImportProgress(ImportPhase Phase, long Done, long Total, string Subject);

/// <summary>An image that was imported.</summary>
/// <param name="Image">The image.</param>
/// <param name="IsUnpacked">Whether containers can be made of it at once.</param>
public sealed record ImportedImage(Image Image, bool IsUnpacked);

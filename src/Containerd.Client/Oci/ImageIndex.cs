using System.Text.Json;
using System.Text.Json.Serialization;

namespace Containerd.Client.Oci;

/// <summary>An index: the manifests of an image for several platforms, or of several images.</summary>
/// <param name="Manifests">What it lists.</param>
/// <remarks>Source: opencontainers/image-spec, image-index.md; Docker's manifest list has the same shape.</remarks>
public sealed record ImageIndex([property: JsonPropertyName("manifests")] IReadOnlyList<ContentDescriptor> Manifests)
{
    private const string What = "image index";

    /// <summary>Always 2.</summary>
    [JsonPropertyName("schemaVersion")]
    [JsonPropertyOrder(-2)]
    public int SchemaVersion { get; init; } = 2;

    /// <summary>The media type, where the index says it.</summary>
    [JsonPropertyName("mediaType")]
    [JsonPropertyOrder(-1)]
    public string? MediaType { get; init; }

    /// <summary>What the index is when it is no image.</summary>
    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    /// <summary>The content that this index is about.</summary>
    [JsonPropertyName("subject")]
    public ContentDescriptor? Subject { get; init; }

    /// <summary>What somebody noted about it.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init => field = ImageJson.Clean(value); }

    /// <summary>Parses an index.</summary>
    /// <exception cref="InvalidDataException">It is none, is also a manifest (CVE-2021-41190), or names content by no digest.</exception>
    public static ImageIndex Parse(ReadOnlySpan<byte> utf8) => OciJson.ReadDocument(utf8, ImageJson.MaxBytes, What, static root =>
    {
        if (root.TryGetProperty("config", out _) || root.TryGetProperty("layers", out _) || root.TryGetProperty("fsLayers", out _))
            throw new InvalidDataException($"The {What} is a manifest as well; which of the two is meant can't be known.");
        if (!root.TryGetProperty("manifests", out _))
            throw new InvalidDataException($"The {What} lists no manifests.");
        ImageIndex index = root.Deserialize(ImageJson.Plain.ImageIndex)!;
        if (index.MediaType is not (null or "") && !MediaTypes.IsIndex(index.MediaType))
            throw new InvalidDataException($"The {What} says it is {index.MediaType}.");
        index = index with { SchemaVersion = 2, Manifests = index.Manifests ?? [] };
        foreach (ContentDescriptor? manifest in index.Manifests)
            (manifest ?? throw new InvalidDataException($"The {What} has an entry that is null.")).Check(What);
        index.Subject?.Check(What);
        return index;
    });

    /// <summary>
    /// The entries that can run on a platform, best first; behind them those that say no platform, of which only their
    /// config can tell. An entry's order in the index decides between equals.
    /// </summary>
    /// <param name="platform">The platform that the container is to run on.</param>
    public IReadOnlyList<ContentDescriptor> Candidates(Platform platform)
    {
        ArgumentNullException.ThrowIfNull(platform);
        return [.. Manifests
            .Where(entry => MediaTypes.IsManifest(entry.MediaType) || MediaTypes.IsIndex(entry.MediaType))
            // BuildKit's attestations sit beside the images they speak of.
            .Where(entry => entry.Annotation("vnd.docker.reference.type") is null)
            .Select(entry => (Entry: entry, Rank: entry.Platform is { Os.Length: > 0 } of ? PlatformMatch.Rank(platform, of) : int.MaxValue))
            .Where(ranked => ranked.Rank is not null)
            .OrderBy(ranked => ranked.Rank)
            .ThenByDescending(ranked => Version.TryParse(ranked.Entry.Platform?.OsVersion, out Version? version) ? version : new Version(0, 0))
            .Select(ranked => ranked.Entry)];
    }

    /// <summary>The index as UTF-8 JSON.</summary>
    public byte[] ToUtf8Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, ImageJson.Plain.ImageIndex);
}

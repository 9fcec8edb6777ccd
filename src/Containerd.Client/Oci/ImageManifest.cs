using System.Text.Json;
using System.Text.Json.Serialization;

namespace Containerd.Client.Oci;

/// <summary>The manifest of one image for one platform: its config and its layers.</summary>
/// <param name="Config">The image config.</param>
/// <param name="Layers">The layers, bottom first.</param>
/// <remarks>Source: opencontainers/image-spec, manifest.md; Docker's schema 2 has the same shape.</remarks>
public sealed record ImageManifest(
    [property: JsonPropertyName("config")] ContentDescriptor Config,
    [property: JsonPropertyName("layers")] IReadOnlyList<ContentDescriptor> Layers)
{
    private const string What = "image manifest";

    /// <summary>Always 2.</summary>
    [JsonPropertyName("schemaVersion")]
    [JsonPropertyOrder(-2)]
    public int SchemaVersion { get; init; } = 2;

    /// <summary>The media type, where the manifest says it.</summary>
    [JsonPropertyName("mediaType")]
    [JsonPropertyOrder(-1)]
    public string? MediaType { get; init; }

    /// <summary>What the manifest is when it is no image.</summary>
    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    /// <summary>The content that this manifest is about, such as an image that it signs.</summary>
    [JsonPropertyName("subject")]
    public ContentDescriptor? Subject { get; init; }

    /// <summary>What somebody noted about it.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init => field = ImageJson.Clean(value); }

    /// <summary>Parses a manifest.</summary>
    /// <exception cref="InvalidDataException">
    /// It is none, is also an index (CVE-2021-41190), is a Docker schema 1 manifest, or names content by no digest.
    /// </exception>
    public static ImageManifest Parse(ReadOnlySpan<byte> utf8) => OciJson.ReadDocument(utf8, ImageJson.MaxBytes, What, static root =>
    {
        if (root.TryGetProperty("fsLayers", out _) || (root.TryGetProperty("schemaVersion", out JsonElement version) && version.GetInt32() != 2))
            throw new InvalidDataException($"The {What} is not of schema version 2; Docker's schema 1 is no longer supported, push the image anew.");
        if (root.TryGetProperty("manifests", out _))
            throw new InvalidDataException($"The {What} is an index as well; which of the two is meant can't be known.");
        ImageManifest manifest = root.Deserialize(ImageJson.Plain.ImageManifest)!;
        if (manifest.Config is null)
            throw new InvalidDataException($"The {What} has no config.");
        if (manifest.MediaType is not (null or "") && !MediaTypes.IsManifest(manifest.MediaType))
            throw new InvalidDataException($"The {What} says it is {manifest.MediaType}.");
        manifest = manifest with { SchemaVersion = 2, Layers = manifest.Layers ?? [] };
        manifest.Config.Check(What);
        foreach (ContentDescriptor? layer in manifest.Layers)
            (layer ?? throw new InvalidDataException($"The {What} has a layer that is null.")).Check(What);
        manifest.Subject?.Check(What);
        return manifest;
    });

    /// <summary>The manifest as UTF-8 JSON.</summary>
    public byte[] ToUtf8Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, ImageJson.Plain.ImageManifest);
}

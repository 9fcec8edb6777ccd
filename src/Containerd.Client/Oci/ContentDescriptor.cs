using System.Text.Json;
using System.Text.Json.Serialization;

namespace Containerd.Client.Oci;

/// <summary>Names a piece of content: what it is, its digest and its size.</summary>
/// <param name="MediaType">What the content is; see <see cref="MediaTypes"/>.</param>
/// <param name="Digest">The content's digest.</param>
/// <param name="Size">The content's size in bytes.</param>
/// <remarks>Source: opencontainers/image-spec, descriptor.md.</remarks>
public sealed record ContentDescriptor(
    [property: JsonPropertyName("mediaType")] string MediaType,
    [property: JsonPropertyName("digest")] string Digest,
    [property: JsonPropertyName("size")] long Size)
{
    /// <summary>What the content is when it is no image.</summary>
    [JsonPropertyName("artifactType")]
    public string? ArtifactType { get; init; }

    /// <summary>Where else the content can be had.</summary>
    [JsonPropertyName("urls")]
    public IReadOnlyList<string>? Urls { get; init => field = value is null ? null : Lines.Clean(value); }

    /// <summary>What somebody noted about it.</summary>
    [JsonPropertyName("annotations")]
    public IReadOnlyDictionary<string, string>? Annotations { get; init => field = ImageJson.Clean(value); }

    /// <summary>What the content runs on; null where that is not said.</summary>
    [JsonPropertyName("platform")]
    public Platform? Platform { get; init; }

    /// <summary>An annotation's value, or null.</summary>
    public string? Annotation(string key) => Annotations is not null && Annotations.TryGetValue(key, out string? value) ? value : null;

    internal void Check(string what)
    {
        if (string.IsNullOrEmpty(MediaType))
            throw new InvalidDataException($"The {what} names content without a media type.");
        if (!Oci.Digest.TryParse(Digest, out _))
            throw new InvalidDataException($"The {what} names content by '{Digest}', which is no digest.");
        if (Size < 0)
            throw new InvalidDataException($"The {what} names content {Digest} with a size of {Size}.");
    }
}

/// <summary>Reading and writing of the image documents without reflection.</summary>
[JsonSourceGenerationOptions(DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImageIndex))]
[JsonSerializable(typeof(ImageManifest))]
[JsonSerializable(typeof(ContentDescriptor))]
[JsonSerializable(typeof(ImageConfig))]
internal sealed partial class ImageJson : JsonSerializerContext
{
    /// <summary>The largest index, manifest or config that is read, in bytes; registries stop at 4 MiB.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>The same texts; one that is null is empty, as Go reads it.</summary>
    public static IReadOnlyDictionary<string, string>? Clean(IReadOnlyDictionary<string, string>? texts) =>
        texts is not null && texts.Values.Contains(null!) ? texts.ToDictionary(text => text.Key, text => text.Value ?? "") : texts;

    /// <summary>As <see cref="JsonSerializerContext"/>'s default, but without escapes that only HTML needs.</summary>
    public static ImageJson Plain { get; } = new(new JsonSerializerOptions
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    });
}

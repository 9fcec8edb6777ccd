using Containerd.Client.Oci;

namespace Containerd.Client.Images.Archives;

/// <summary>A file of an archive that becomes a blob.</summary>
/// <param name="File">The file.</param>
/// <param name="Digest">The digest it must have; null where its name does not say.</param>
/// <param name="DiffId">For a layer, the digest it must have uncompressed; null for what is no layer.</param>
internal sealed record PlannedFile(ArchiveEntry File, string? Digest, string? DiffId);

/// <summary>A manifest, index or config to write, with the labels that keep what it refers to.</summary>
/// <param name="Descriptor">Its name.</param>
/// <param name="Bytes">Its bytes.</param>
/// <param name="Labels">Its labels.</param>
internal sealed record PlannedDocument(ContentDescriptor Descriptor, byte[] Bytes, IReadOnlyDictionary<string, string> Labels);

/// <summary>A name to give.</summary>
/// <param name="Name">The name.</param>
/// <param name="Target">What it stands for.</param>
/// <param name="ToUnpack">What of it is to be unpacked; null where it has nothing for the platform.</param>
internal sealed record PlannedImage(string Name, ContentDescriptor Target, PlatformImage? ToUnpack);

/// <summary>A file as it was written to the content store.</summary>
/// <param name="Digest">Its digest.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="Compression">How it is compressed, where it is a layer that was looked into.</param>
internal sealed record WrittenFile(string Digest, long Size, CompressionKind Compression);

/// <summary>What is to be made of an archive once its files are written.</summary>
/// <param name="Documents">The documents to write.</param>
/// <param name="Images">The names to give.</param>
internal sealed record PlannedImages(IReadOnlyList<PlannedDocument> Documents, IReadOnlyList<PlannedImage> Images);

/// <summary>What an archive holds and what of it is wanted.</summary>
/// <param name="Files">The files to write.</param>
/// <param name="Finish">What to do when they are.</param>
internal sealed record ImportPlan(
    IReadOnlyList<PlannedFile> Files, Func<IReadOnlyDictionary<ArchiveEntry, WrittenFile>, PlannedImages> Finish);

/// <summary>The labels by which one blob keeps others from the garbage collector.</summary>
/// <remarks>Source: containerd's docs/garbage-collection.md; the names' ends are those its own client uses.</remarks>
internal static class GcLabels
{
    private const string ContentReference = "containerd.io/gc.ref.content.";

    /// <summary>A manifest keeps its config and its layers.</summary>
    /// <param name="manifest">The manifest.</param>
    /// <returns>The labels.</returns>
    public static Dictionary<string, string> Of(ImageManifest manifest)
    {
        var labels = new Dictionary<string, string> { [ContentReference + "config"] = manifest.Config.Digest };
        for (var i = 0; i < manifest.Layers.Count; i++)
            labels[$"{ContentReference}l.{i}"] = manifest.Layers[i].Digest;
        return labels;
    }

    /// <summary>The label by which an index keeps one of its manifests.</summary>
    /// <param name="position">The manifest's position in the index.</param>
    /// <returns>The label's key.</returns>
    public static string OfManifest(int position) => $"{ContentReference}m.{position}";
}

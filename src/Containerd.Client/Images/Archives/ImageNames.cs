using Containerd.Client.Oci;

namespace Containerd.Client.Images.Archives;

/// <summary>Which names the images of an archive get: the user's, or those the archive says.</summary>
internal static class ImageNames
{
    private const string ContainerdName = "io.containerd.image.name";
    private const string OciName = "org.opencontainers.image.ref.name";

    /// <summary>What an OCI layout calls an image; null where it does not say.</summary>
    /// <param name="image">Its entry in index.json.</param>
    /// <returns>The name, whole or in part.</returns>
    public static string? Said(ContentDescriptor image) => image.Annotation(ContainerdName) ?? image.Annotation(OciName);

    /// <summary>The name for an image of an OCI layout.</summary>
    /// <param name="image">Its entry in index.json.</param>
    /// <param name="name">The name the user gave; null for none.</param>
    /// <param name="isOnly">Whether it is the archive's only image.</param>
    /// <param name="archive">The archive, for errors.</param>
    /// <returns>The name to store it under.</returns>
    /// <exception cref="InvalidArgumentException">Neither the user nor the archive says a name, or one name is given to many.</exception>
    public static string ForOci(ContentDescriptor image, string? name, bool isOnly, string archive)
    {
        var (full, short_) = (image.Annotation(ContainerdName), image.Annotation(OciName));
        if (name is not null)
        {
            // For several images the user can give the repository, to which each adds its tag.
            if (!isOnly && (HasTag(name) || short_ is null || IsFull(short_)))
                throw new InvalidArgumentException("Name", $"'{archive}' has several images: they cannot all be named '{name}'.");
            return ImageReference.Parse(isOnly ? name : $"{name}:{short_}", "Name").StoreName;
        }

        if (full is not null)
            return Checked(full, archive);
        if (short_ is not null && IsFull(short_))
            return Checked(short_, archive);
        throw Unnamed(archive, short_);
    }

    /// <summary>The names for an image of docker save.</summary>
    /// <param name="tags">What the archive calls it.</param>
    /// <param name="name">The name the user gave; null for none.</param>
    /// <param name="isOnly">Whether it is the archive's only image.</param>
    /// <param name="archive">The archive, for errors.</param>
    /// <returns>The names to store it under.</returns>
    /// <exception cref="InvalidArgumentException">Neither the user nor the archive says a name, or one name is given to many.</exception>
    public static IReadOnlyList<string> ForDocker(IReadOnlyList<string> tags, string? name, bool isOnly, string archive)
    {
        if (name is not null)
        {
            return isOnly
                ? [ImageReference.Parse(name, "Name").StoreName]
                : throw new InvalidArgumentException("Name", $"'{archive}' has several images: they cannot all be named '{name}'.");
        }

        return tags.Count > 0 ? [.. tags.Select(tag => Checked(tag, archive)).Distinct()] : throw Unnamed(archive, null);
    }

    private static bool HasTag(string name) => name.LastIndexOf(':') > name.LastIndexOf('/') || name.Contains('@', StringComparison.Ordinal);

    // "1.2" is a tag of whatever the layout's name is, "web:1.2" and "example.com/web" are names.
    private static bool IsFull(string name) => name.AsSpan().ContainsAny('/', ':', '@');

    private static string Checked(string name, string archive) => ImageReference.TryParse(name, out var reference)
        ? reference.StoreName
        : throw new InvalidContentException($"Cannot import {archive}: it calls an image '{name}', which is no image name; give one with -Name.");

    private static InvalidArgumentException Unnamed(string archive, string? tag) => new("Name", tag is null
        ? $"'{archive}' does not say what its image is called: give a name with -Name."
        : $"'{archive}' calls its image only '{tag}': give the whole name with -Name.");
}

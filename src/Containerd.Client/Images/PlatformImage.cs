using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>An image for one platform: its manifest, its config and its layers, read from the content store.</summary>
public sealed class PlatformImage
{
    internal PlatformImage(ContentDescriptor manifest, ImageManifest document, ImageConfig config)
    {
        Manifest = manifest;
        ConfigDescriptor = document.Config;
        Layers = document.Layers;
        Config = config;
        ChainId = Oci.ChainId.Of(config.DiffIds);

        // Nothing checks the sizes that a manifest says: their sum may be none.
        Size = (long)decimal.Min(long.MaxValue, document.Layers.Sum(layer => (decimal)layer.Size) + manifest.Size + document.Config.Size);
    }

    /// <summary>Names the manifest.</summary>
    public ContentDescriptor Manifest { get; }

    /// <summary>Names the config.</summary>
    public ContentDescriptor ConfigDescriptor { get; }

    /// <summary>Names the layers, bottom first.</summary>
    public IReadOnlyList<ContentDescriptor> Layers { get; }

    /// <summary>The config.</summary>
    public ImageConfig Config { get; }

    /// <summary>The name of the top layer's snapshot once the image is unpacked; empty for an image without layers.</summary>
    public string ChainId { get; }

    /// <summary>The bytes of manifest, config and layers as they are stored.</summary>
    public long Size { get; }
}

/// <summary>An image by its name, and what of it runs on the platform that was asked for.</summary>
/// <param name="Image">The name and what it stands for.</param>
/// <param name="Content">Its manifest, config and layers for the platform.</param>
public sealed record ResolvedImage(Image Image, PlatformImage Content)
{
    /// <summary>The image's full name.</summary>
    public string Name => Image.Name;

    /// <summary>The image's config.</summary>
    public ImageConfig Config => Content.Config;

    /// <summary>The name of the top layer's snapshot once the image is unpacked; empty for an image without layers.</summary>
    public string ChainId => Content.ChainId;
}

using Containerd.Client.Images.Archives;
using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>Makes the documents of an image of one layer, a root file system.</summary>
internal static class RootFsImage
{
    /// <summary>The image of a layer.</summary>
    /// <param name="options">How its containers run.</param>
    /// <param name="name">Its name.</param>
    /// <param name="platform">What it runs on.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="diffId">The layer's digest uncompressed.</param>
    /// <returns>What to write and to name.</returns>
    public static PlannedImages Of(RootFsImportOptions options, string name, Platform platform, ContentDescriptor layer, string diffId)
    {
        var now = DateTimeOffset.UtcNow;
        var config = new ImageConfig
        {
            Architecture = platform.Architecture,
            Os = platform.Os,
            Variant = platform.Variant,
            OsVersion = platform.OsVersion,
            Created = now,
            Config = options.Config,
            RootFs = new RootFileSystem { DiffIds = [diffId] },
            History = [new ImageHistory { Created = now, CreatedBy = "Import-CtrImage -RootFs", Comment = options.Comment }],
        };
        var configBytes = config.ToUtf8Bytes();
        var manifest = new ImageManifest(new ContentDescriptor(MediaTypes.Config, Digest.Of(configBytes).ToString(), configBytes.Length), [layer])
        {
            MediaType = MediaTypes.Manifest,
        };
        var bytes = manifest.ToUtf8Bytes();
        var target = new ContentDescriptor(MediaTypes.Manifest, Digest.Of(bytes).ToString(), bytes.Length);
        return new PlannedImages(
            [
                new PlannedDocument(manifest.Config, configBytes, new Dictionary<string, string>()),
                new PlannedDocument(target, bytes, GcLabels.Of(manifest)),
            ],
            [new PlannedImage(name, target, new PlatformImage(target, manifest, config))]);
    }
}

namespace Containerd.Client.Oci;

/// <summary>The media types of images, OCI's and Docker's schema 2, which differ in name alone.</summary>
/// <remarks>Source: opencontainers/image-spec, media-types.md.</remarks>
public static class MediaTypes
{
    /// <summary>An OCI index: manifests of several platforms.</summary>
    public const string Index = "application/vnd.oci.image.index.v1+json";

    /// <summary>An OCI manifest: a config and layers.</summary>
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";

    /// <summary>An OCI image config.</summary>
    public const string Config = "application/vnd.oci.image.config.v1+json";

    /// <summary>A layer as plain tar.</summary>
    public const string Layer = "application/vnd.oci.image.layer.v1.tar";

    /// <summary>A layer as tar compressed with gzip.</summary>
    public const string LayerGzip = "application/vnd.oci.image.layer.v1.tar+gzip";

    /// <summary>A layer as tar compressed with zstd.</summary>
    public const string LayerZstd = "application/vnd.oci.image.layer.v1.tar+zstd";

    /// <summary>Docker's index.</summary>
    public const string DockerIndex = "application/vnd.docker.distribution.manifest.list.v2+json";

    /// <summary>Docker's manifest.</summary>
    public const string DockerManifest = "application/vnd.docker.distribution.manifest.v2+json";

    /// <summary>Docker's image config.</summary>
    public const string DockerConfig = "application/vnd.docker.container.image.v1+json";

    /// <summary>Docker's layer as plain tar.</summary>
    public const string DockerLayer = "application/vnd.docker.image.rootfs.diff.tar";

    /// <summary>Docker's layer as tar compressed with gzip.</summary>
    public const string DockerLayerGzip = "application/vnd.docker.image.rootfs.diff.tar.gzip";

    /// <summary>Whether it is an index of either kind.</summary>
    public static bool IsIndex(string? mediaType) => mediaType is Index or DockerIndex;

    /// <summary>Whether it is a manifest of either kind.</summary>
    public static bool IsManifest(string? mediaType) => mediaType is Manifest or DockerManifest;

    /// <summary>Whether it is an image config of either kind.</summary>
    public static bool IsConfig(string? mediaType) => mediaType is Config or DockerConfig;

    /// <summary>Whether it is a file system layer of either kind, distributable or not, however compressed.</summary>
    public static bool IsLayer(string? mediaType) => mediaType is not null
        && (mediaType.StartsWith("application/vnd.oci.image.layer.", StringComparison.Ordinal)
            || mediaType.StartsWith("application/vnd.docker.image.rootfs.", StringComparison.Ordinal));
}

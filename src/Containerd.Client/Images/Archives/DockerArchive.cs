using System.Text.Json;
using System.Text.Json.Serialization;
using Containerd.Client.Oci;

namespace Containerd.Client.Images.Archives;

/// <summary>An image in manifest.json of an archive by docker save.</summary>
/// <param name="Config">The config's file.</param>
/// <param name="RepoTags">What the image is called.</param>
/// <param name="Layers">The layers' files, bottom first.</param>
internal sealed record DockerImage(string? Config, IReadOnlyList<string>? RepoTags, IReadOnlyList<string>? Layers);

/// <summary>Reading manifest.json without reflection.</summary>
[JsonSerializable(typeof(IReadOnlyList<DockerImage>))]
internal sealed partial class DockerJson : JsonSerializerContext;

/// <summary>
/// Reads what docker save writes (and what other builders write in its format): manifest.json with configs and layers by
/// file names. The manifests that containerd needs are made here.
/// </summary>
internal sealed class DockerArchive
{
    /// <summary>The file whose presence says that an archive is of this kind.</summary>
    public const string ManifestFile = "manifest.json";

    private readonly ImageArchive _archive;
    private readonly ImportOptions _options;

    private DockerArchive(ImageArchive archive, ImportOptions options) => (_archive, _options) = (archive, options);

    /// <summary>Plans the import of an archive.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="options">What the user wants of it.</param>
    /// <param name="server">The server's platform.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="InvalidContentException">Something in it is missing, or is no image.</exception>
    public static async Task<ImportPlan> PlanAsync(
        ImageArchive archive, ImportOptions options, Platform server, CancellationToken cancellationToken)
    {
        var docker = new DockerArchive(archive, options);
        var images = await docker.ReadImagesAsync(cancellationToken).ConfigureAwait(false);
        if (options.Platform is { } platform)
        {
            images = [.. images.Where(image => PlatformMatch.Rank(platform, image.Config.Platform) is not null)];
            if (images.Count == 0)
                throw new NotFoundException(ResourceKind.Image, options.Name ?? archive.Path, $"Cannot import {archive.Path}: it has nothing for {platform}.");
        }

        var files = images.SelectMany(image => image.Layers.Zip(image.Config.DiffIds, (file, diffId) => new PlannedFile(file, null, diffId)));
        return new ImportPlan([.. files.DistinctBy(file => file.File)], written => Finish(images, written));
    }

    private async Task<IReadOnlyList<Source>> ReadImagesAsync(CancellationToken cancellationToken)
    {
        var entries = await ReadManifestAsync(cancellationToken).ConfigureAwait(false);
        var images = new List<Source>();
        foreach (var entry in entries)
        {
            var (bytes, config) = await ReadConfigAsync(entry.Config ?? "", cancellationToken).ConfigureAwait(false);
            var layers = (entry.Layers ?? []).Select(File).ToList();
            if (layers.Count != config.DiffIds.Count)
                throw _archive.Invalid($"an image in it has {layers.Count} layers, its config {config.DiffIds.Count}");
            var names = ImageNames.ForDocker(entry.RepoTags ?? [], _options.Name, entries.Count == 1, _archive.Path);
            images.Add(new Source(names, bytes, config, layers));
        }

        return images;
    }

    private async Task<IReadOnlyList<DockerImage>> ReadManifestAsync(CancellationToken cancellationToken)
    {
        var bytes = await _archive.ReadAsync(File(ManifestFile), cancellationToken).ConfigureAwait(false);
        try
        {
            var images = JsonSerializer.Deserialize(bytes, DockerJson.Default.IReadOnlyListDockerImage);
            return images is { Count: > 0 } && images.All(image => image is not null) ? images : throw _archive.Invalid("there is no image in it");
        }
        catch (JsonException e)
        {
            throw _archive.Invalid($"{ManifestFile} is no valid JSON of its kind: {e.Message.TrimEnd('.')}", e);
        }
    }

    private async Task<(byte[] Bytes, ImageConfig Config)> ReadConfigAsync(string name, CancellationToken cancellationToken)
    {
        var bytes = await _archive.ReadAsync(File(name), cancellationToken).ConfigureAwait(false);

        // docker names a config by its digest: <hex>.json, or blobs/sha256/<hex>.
        var stem = Path.GetFileNameWithoutExtension(name);
        if (Digest.TryParse("sha256:" + stem, out var said) && said != Digest.Of(bytes))
            throw _archive.Invalid($"'{name}' has another digest than its name says");
        try
        {
            return (bytes, ImageConfig.Parse(bytes));
        }
        catch (InvalidDataException e)
        {
            throw _archive.Invalid($"'{name}': {e.Message.TrimEnd('.')}", e);
        }
    }

    private ArchiveEntry File(string name) => _archive.Find(name) ?? throw _archive.Invalid($"'{name}' is missing in it");

    private static PlannedImages Finish(IReadOnlyList<Source> images, IReadOnlyDictionary<ArchiveEntry, WrittenFile> written)
    {
        var documents = new List<PlannedDocument>();
        var names = new List<PlannedImage>();
        foreach (var image in images)
        {
            var layers = image.Layers.Select(file => written[file]).ToList();

            // Docker's own format has no zstd.
            var isOci = layers.Exists(layer => layer.Compression == CompressionKind.Zstd);
            var config = new ContentDescriptor(
                isOci ? MediaTypes.Config : MediaTypes.DockerConfig, Digest.Of(image.ConfigBytes).ToString(), image.ConfigBytes.Length);
            var manifest = new ImageManifest(config, [.. layers.Select(layer => new ContentDescriptor(LayerType(layer, isOci), layer.Digest, layer.Size))])
            {
                MediaType = isOci ? MediaTypes.Manifest : MediaTypes.DockerManifest,
            };
            var bytes = manifest.ToUtf8Bytes();
            var target = new ContentDescriptor(manifest.MediaType, Digest.Of(bytes).ToString(), bytes.Length);
            documents.Add(new PlannedDocument(config, image.ConfigBytes, new Dictionary<string, string>()));
            documents.Add(new PlannedDocument(target, bytes, GcLabels.Of(manifest)));
            var content = new PlatformImage(target, manifest, image.Config);
            names.AddRange(image.Names.Select(name => new PlannedImage(name, target, content)));
        }

        return new PlannedImages(documents, names);
    }

    private static string LayerType(WrittenFile layer, bool isOci) => (layer.Compression, isOci) switch
    {
        (CompressionKind.Zstd, _) => MediaTypes.LayerZstd,
        (CompressionKind.Gzip, true) => MediaTypes.LayerGzip,
        (CompressionKind.Gzip, false) => MediaTypes.DockerLayerGzip,
        (_, true) => MediaTypes.Layer,
        _ => MediaTypes.DockerLayer,
    };

    private sealed record Source(IReadOnlyList<string> Names, byte[] ConfigBytes, ImageConfig Config, IReadOnlyList<ArchiveEntry> Layers);
}

using Containerd.Client.Oci;

namespace Containerd.Client.Images.Archives;

/// <summary>Reads an OCI image layout: index.json and the blobs it leads to.</summary>
/// <remarks>Source: opencontainers/image-spec, image-layout.md.</remarks>
internal sealed class OciLayout
{
    /// <summary>The file whose presence says that an archive is an image layout.</summary>
    public const string IndexFile = "index.json";

    // An index may list indexes; none in use is deeper than two.
    private const int MaxDepth = 4;
    private const long MostDocumentBytes = 256 << 20;

    private readonly ImageArchive _archive;
    private readonly ImportOptions _options;
    private readonly Platform _platform;
    private readonly Dictionary<string, PlannedFile> _files = [];
    private readonly Dictionary<string, PlannedDocument> _documents = [];
    private long _documentBytes;

    private OciLayout(ImageArchive archive, ImportOptions options, Platform server) =>
        (_archive, _options, _platform) = (archive, options, options.Platform ?? server);

    /// <summary>Plans the import of a layout.</summary>
    /// <param name="archive">The archive.</param>
    /// <param name="options">What the user wants of it.</param>
    /// <param name="server">The server's platform.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="InvalidContentException">Something in it is missing, is not what its digest says, or is no image.</exception>
    public static async Task<ImportPlan> PlanAsync(
        ImageArchive archive, ImportOptions options, Platform server, CancellationToken cancellationToken)
    {
        var layout = new OciLayout(archive, options, server);
        var images = await layout.ReadImagesAsync(cancellationToken).ConfigureAwait(false);
        return new ImportPlan([.. layout._files.Values], _ => new PlannedImages([.. layout._documents.Values], images));
    }

    private async Task<IReadOnlyList<PlannedImage>> ReadImagesAsync(CancellationToken cancellationToken)
    {
        var file = _archive.Find(IndexFile) ?? throw _archive.Invalid($"there is no {IndexFile} in it");
        var bytes = await _archive.ReadAsync(file, cancellationToken).ConfigureAwait(false);
        var index = Parse(IndexFile, () => ImageIndex.Parse(bytes));
        var entries = index.Manifests.Where(entry => MediaTypes.IsIndex(entry.MediaType) || MediaTypes.IsManifest(entry.MediaType)).ToList();
        if (entries.Count == 0)
            throw _archive.Invalid("there is no image in it");

        // One image may have several names, and one name the manifests of several platforms.
        var isOnly = entries.DistinctBy(entry => entry.Digest).Count() == 1 || entries.DistinctBy(ImageNames.Said).Count() == 1;
        var images = new List<PlannedImage>();
        foreach (var group in entries.GroupBy(entry => ImageNames.ForOci(entry, _options.Name, isOnly, _archive.Path)))
        {
            var entry = Best(group);
            var (image, isComplete) = await VisitAsync(entry, isRequired: true, isRoot: true, depth: 0, cancellationToken).ConfigureAwait(false);
            if (!isComplete || (image is null && _options.Platform is not null))
                throw new NotFoundException(ResourceKind.Image, group.Key, $"Cannot import {_archive.Path}: '{group.Key}' has nothing in it for {_platform}.");
            images.Add(new PlannedImage(group.Key, entry, image));
        }

        return images;
    }

    private ContentDescriptor Best(IEnumerable<ContentDescriptor> entries) =>
        new ImageIndex([.. entries]).Candidates(_platform) is [var best, ..] ? best : entries.First();

    /// <summary>
    /// Plans a manifest or index and all below it. What is not required, because it is for another platform, is left out
    /// where it is not complete: archives of one platform often still list the others.
    /// </summary>
    private async Task<(PlatformImage? ForPlatform, bool IsComplete)> VisitAsync(
        ContentDescriptor descriptor, bool isRequired, bool isRoot, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
            throw _archive.Invalid($"its indexes are nested deeper than {MaxDepth}");
        if (FindBlob(descriptor, isRequired) is not { } file)
            return (null, false);
        var bytes = await ReadDocumentAsync(descriptor, file, cancellationToken).ConfigureAwait(false);
        return MediaTypes.IsIndex(descriptor.MediaType)
            ? await VisitIndexAsync(descriptor, bytes, depth, cancellationToken).ConfigureAwait(false)
            : await VisitManifestAsync(descriptor, bytes, isRequired, isRoot, cancellationToken).ConfigureAwait(false);
    }

    private async Task<(PlatformImage? ForPlatform, bool IsComplete)> VisitIndexAsync(
        ContentDescriptor descriptor, byte[] bytes, int depth, CancellationToken cancellationToken)
    {
        var index = Parse(descriptor.Digest, () => ImageIndex.Parse(bytes));
        var labels = new Dictionary<string, string>();
        PlatformImage? selected = null;
        var candidates = index.Candidates(_platform);
        foreach (var candidate in candidates)
        {
            if (FindBlob(candidate, isRequired: false) is null)
                continue;
            var (image, isComplete) = await VisitAsync(
                candidate, isRequired: candidate.Platform is not null, isRoot: false, depth + 1, cancellationToken).ConfigureAwait(false);
            if (isComplete)
                labels[GcLabels.OfManifest(PositionOf(candidate, index))] = candidate.Digest;
            if (image is not null)
            {
                selected = image;
                break;
            }
        }

        if (_options.Platform is null)
        {
            for (var i = 0; i < index.Manifests.Count; i++)
            {
                var other = index.Manifests[i];
                if (labels.ContainsKey(GcLabels.OfManifest(i)) || !(MediaTypes.IsIndex(other.MediaType) || MediaTypes.IsManifest(other.MediaType)))
                    continue;
                var (_, isComplete) = await VisitAsync(other, isRequired: false, isRoot: false, depth + 1, cancellationToken).ConfigureAwait(false);
                if (isComplete)
                    labels[GcLabels.OfManifest(i)] = other.Digest;
            }
        }

        if (labels.Count == 0)
            return (null, false);
        Plan(descriptor, bytes, labels);
        return (selected, true);
    }

    private static int PositionOf(ContentDescriptor entry, ImageIndex index)
    {
        for (var i = 0; ; i++)
        {
            if (ReferenceEquals(index.Manifests[i], entry))
                return i;
        }
    }

    private async Task<(PlatformImage? ForPlatform, bool IsComplete)> VisitManifestAsync(
        ContentDescriptor descriptor, byte[] bytes, bool isRequired, bool isRoot, CancellationToken cancellationToken)
    {
        var manifest = Parse(descriptor.Digest, () => ImageManifest.Parse(bytes));
        if (FindBlob(manifest.Config, isRequired) is not { } configFile)
            return (null, false);
        var layerFiles = manifest.Layers.Select(layer => FindBlob(layer, isRequired)).ToList();
        if (layerFiles.Contains(null))
            return (null, false);

        // What is no image (a signature, an attestation) may have anything for a config.
        ImageConfig? config = null;
        byte[]? configBytes = null;
        if (MediaTypes.IsConfig(manifest.Config.MediaType))
        {
            configBytes = await ReadDocumentAsync(manifest.Config, configFile, cancellationToken).ConfigureAwait(false);
            config = Parse(manifest.Config.Digest, () => ImageConfig.Parse(configBytes));
        }

        var image = config is not null && manifest.Layers.All(layer => MediaTypes.IsLayer(layer.MediaType)) ? config : null;
        if (image is not null && image.DiffIds.Count != manifest.Layers.Count)
            throw _archive.Invalid($"manifest {descriptor.Digest} has {manifest.Layers.Count} layers, its config {image.DiffIds.Count}");
        if (image is not null && _options.Platform is not null && PlatformMatch.Rank(_platform, image.Platform) is null)
            return (null, false);

        for (var i = 0; i < layerFiles.Count; i++)
            _files.TryAdd(manifest.Layers[i].Digest, new PlannedFile(layerFiles[i]!, manifest.Layers[i].Digest, image?.DiffIds[i]));
        if (configBytes is not null)
            Plan(manifest.Config, configBytes, new Dictionary<string, string>());
        else
            _files.TryAdd(manifest.Config.Digest, new PlannedFile(configFile, manifest.Config.Digest, null));
        Plan(descriptor, bytes, GcLabels.Of(manifest));
        var isForPlatform = image is not null && (isRoot || descriptor.Platform is not null || PlatformMatch.Rank(_platform, image.Platform) is not null);
        return (isForPlatform ? new PlatformImage(descriptor, manifest, image!) : null, true);
    }

    private ArchiveEntry? FindBlob(ContentDescriptor descriptor, bool isRequired)
    {
        var name = $"blobs/{descriptor.Digest.Replace(':', '/')}";
        if (_archive.Find(name) is not { } file)
            return isRequired ? throw _archive.Invalid($"'{name}' is missing in it") : null;
        return file.Size == descriptor.Size
            ? file
            : throw _archive.Invalid($"'{name}' has {file.Size} bytes where {descriptor.Size} are said");
    }

    private async Task<byte[]> ReadDocumentAsync(ContentDescriptor descriptor, ArchiveEntry file, CancellationToken cancellationToken)
    {
        var bytes = await _archive.ReadAsync(file, cancellationToken).ConfigureAwait(false);

        // Only SHA-256 is checked here; the server checks every digest when it is written.
        return !descriptor.Digest.StartsWith("sha256:", StringComparison.Ordinal) || Digest.Of(bytes).ToString() == descriptor.Digest
            ? bytes
            : throw _archive.Invalid($"'{file.Name}' has another digest than its name says");
    }

    private void Plan(ContentDescriptor descriptor, byte[] bytes, IReadOnlyDictionary<string, string> labels)
    {
        if (!_documents.TryAdd(descriptor.Digest, new PlannedDocument(descriptor, bytes, labels)))
            return;
        _documentBytes += bytes.Length;
        if (_documentBytes > MostDocumentBytes)
            throw _archive.Invalid($"it has more than {MostDocumentBytes} bytes of manifests and configs");
    }

    private T Parse<T>(string what, Func<T> parse)
    {
        try
        {
            return parse();
        }
        catch (InvalidDataException e)
        {
            throw _archive.Invalid($"{what}: {e.Message.TrimEnd('.')}", e);
        }
    }
}

using Containerd.Client.Connection;
using Containerd.Client.Oci;
using Containerd.Client.Snapshots;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Images;

/// <summary>The images of a namespace: names for manifests and indexes in the content store.</summary>
public sealed class ImageStore
{
    private const int ReadsAtOnce = 16;

    private readonly ContainerdClient _client;
    private readonly CallScope _scope;
    private readonly ImageDocuments _documents;
    private readonly SessionImages _shared;

    internal ImageStore(ContainerdClient client, SessionImages shared)
    {
        _client = client;
        _scope = client.Scope;
        _shared = shared;
        _documents = new ImageDocuments(client.Content, shared.Documents, client.Namespace);
    }

    private Wire.Images.Images.ImagesClient Calls => new(_scope.Invoker);

    /// <summary>An image by its full name.</summary>
    /// <param name="name">The name exactly as it is stored.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The image.</returns>
    /// <exception cref="NotFoundException">No such image.</exception>
    public async Task<Image> GetAsync(string name, CancellationToken cancellationToken)
    {
        var image = await GetStoredAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new NotFoundException(ResourceKind.Image, name);
        return await DescribeAsync(image, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The images of the namespace.</summary>
    /// <param name="filters">containerd filters, any of which may match, such as name~=^docker.io/; none for all.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The images, by name.</returns>
    public async Task<IReadOnlyList<Image>> ListAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var stored = await ListStoredAsync(filters, cancellationToken).ConfigureAwait(false);
        var images = new Image[stored.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(0, stored.Count, options, async (i, token) =>
            images[i] = await DescribeAsync(stored[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        return images;
    }

    /// <summary>
    /// An image by whatever a user calls it: its full name, a short one (busybox is docker.io/library/busybox:latest), or
    /// its digest or the first digits of it.
    /// </summary>
    /// <param name="name">The name as typed.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The image.</returns>
    /// <exception cref="NotFoundException">No such image.</exception>
    /// <exception cref="InvalidArgumentException">The first digits fit several images.</exception>
    public async Task<Image> FindAsync(string name, CancellationToken cancellationToken) =>
        await DescribeAsync(await FindStoredAsync(name, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);

    /// <summary>An image by whatever a user calls it, with its manifest and config for a platform.</summary>
    /// <param name="name">The name as typed; see <see cref="FindAsync"/>.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <param name="platform">The platform; the server's own by default.</param>
    /// <returns>The image for the platform.</returns>
    /// <exception cref="NotFoundException">No such image, or it has nothing for the platform in the content store.</exception>
    /// <exception cref="InvalidArgumentException">The first digits fit several images.</exception>
    /// <exception cref="InvalidContentException">Its manifest or config is none.</exception>
    public async Task<ResolvedImage> ResolveAsync(string name, CancellationToken cancellationToken, Platform? platform = null)
    {
        var stored = await FindStoredAsync(name, cancellationToken).ConfigureAwait(false);
        platform ??= await _shared.Platform.GetAsync(_client, cancellationToken).ConfigureAwait(false);
        var content = await _documents.ForPlatformAsync(stored.Target, platform, cancellationToken).ConfigureAwait(false);
        return content is null
            ? throw new NotFoundException(ResourceKind.Image, name, $"The image '{stored.Name}' has no content for {platform} here.")
            : new ResolvedImage(await DescribeAsync(stored, cancellationToken).ConfigureAwait(false), content);
    }

    /// <summary>Gives content a name; an image that has it already now stands for the new content.</summary>
    /// <param name="name">The image's full name.</param>
    /// <param name="target">The manifest or index.</param>
    /// <param name="labels">The labels to set; others that the image has are kept.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The image.</returns>
    public async Task<Image> CreateOrUpdateAsync(
        string name, ContentDescriptor target, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var image = new Wire.Images.Image
        {
            Name = name,
            Target = new Wire.Types.ContentDescriptor { MediaType = target.MediaType, Digest = target.Digest, Size = target.Size },
            Labels = { (IDictionary<string, string>)new Dictionary<string, string>(labels) },
        };
        while (true)
        {
            try
            {
                var update = new Wire.Images.UpdateImageRequest
                {
                    Image = image,
                    UpdateMask = new FieldMask { Paths = { labels.Keys.Select(key => "labels." + key).Prepend("target") } },
                };
                var updated = await _scope.CallAsync(About("update", name), o => Calls.UpdateAsync(update, o), cancellationToken)
                    .ConfigureAwait(false);
                return await DescribeAsync(StoredImage.From(updated.Image), cancellationToken).ConfigureAwait(false);
            }
            catch (NotFoundException)
            {
                // New, then.
            }

            try
            {
                var create = new Wire.Images.CreateImageRequest { Image = image };
                var created = await _scope.CallAsync(About("create", name), o => Calls.CreateAsync(create, o), cancellationToken)
                    .ConfigureAwait(false);
                return await DescribeAsync(StoredImage.From(created.Image), cancellationToken).ConfigureAwait(false);
            }
            catch (AlreadyExistsException)
            {
                // Somebody else made it between the two calls: it can be updated.
            }
        }
    }

    /// <summary>
    /// Imports images, from an archive or from a root file system, and unpacks them. Works by calls alone, over any address
    /// and on every version of containerd. An import that fails or is cancelled leaves nothing behind.
    /// </summary>
    /// <param name="options">What to import: <see cref="ArchiveImportOptions"/> or <see cref="RootFsImportOptions"/>.</param>
    /// <param name="cancellationToken">Ends the import.</param>
    /// <param name="progress">Told what the import is doing.</param>
    /// <returns>The images, in the archive's order.</returns>
    /// <exception cref="InvalidContentException">The archive is cut short, is not what its digests say, or is made to do harm.</exception>
    /// <exception cref="InvalidArgumentException">The archive does not say what an image is called, and the options do not either.</exception>
    /// <exception cref="NotFoundException">It has nothing for the platform that was asked for.</exception>
    /// <exception cref="IOException">The file or directory can't be read.</exception>
    public Task<IReadOnlyList<ImportedImage>> ImportAsync(
        ImportOptions options, CancellationToken cancellationToken, IProgress<ImportProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        var import = new ImageImport(_client, _shared.Platform, options, progress);
        return options is RootFsImportOptions ? import.RunRootFsAsync(cancellationToken) : import.RunArchiveAsync(cancellationToken);
    }

    /// <summary>Deletes an image's name. Its content and snapshots go with the next garbage collection unless something else holds them.</summary>
    /// <param name="name">The name exactly as it is stored.</param>
    /// <param name="collect">True to wait for that collection.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when the name is gone.</returns>
    /// <exception cref="NotFoundException">No such image.</exception>
    public Task DeleteAsync(string name, bool collect, CancellationToken cancellationToken)
    {
        var request = new Wire.Images.DeleteImageRequest { Name = name, Sync = collect };
        return _scope.CallAsync(
            About("delete", name), o => Calls.DeleteAsync(request, o), cancellationToken, collect ? Timeout.InfiniteTimeSpan : null);
    }

    /// <summary>Unpacks an image into a snapshotter unless it is unpacked already. All work is done in the server.</summary>
    /// <param name="image">The image for a platform.</param>
    /// <param name="snapshotter">The snapshotter.</param>
    /// <param name="cancellationToken">Ends the calls; what is half unpacked is removed.</param>
    /// <param name="progress">Told before each layer how many are unpacked.</param>
    /// <returns>The name of the top layer's snapshot, the parent for containers; empty for an image without layers.</returns>
    /// <exception cref="InvalidContentException">A layer is not the one its config says.</exception>
    public async Task<string> EnsureUnpackedAsync(
        PlatformImage image, string snapshotter, CancellationToken cancellationToken, IProgress<UnpackProgress>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(image);
        var lease = await _client.Leases.CreateAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            await new ImageUnpack(lease.Client, image, snapshotter, progress).RunAsync(cancellationToken).ConfigureAwait(false);
        }

        return image.ChainId;
    }

    /// <summary>
    /// Makes a container's writable snapshot on top of an image, unpacking the image first where that is still to be done.
    /// To be called under a lease: nothing refers to the snapshot before the container does (trap T20).
    /// </summary>
    /// <param name="image">The image for a platform.</param>
    /// <param name="snapshotter">The snapshotter.</param>
    /// <param name="key">The snapshot's key; a container's is its id.</param>
    /// <param name="cancellationToken">Ends the unpacking.</param>
    /// <returns>The mounts of the snapshot.</returns>
    /// <exception cref="AlreadyExistsException">The key is in use.</exception>
    public async Task<IReadOnlyList<Mount>> PrepareSnapshotAsync(
        PlatformImage image, string snapshotter, string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);

        // The preparing itself is not cancelled: the server might do it all the same, after the caller has cleaned up.
        cancellationToken.ThrowIfCancellationRequested();
        var snapshots = _client.Snapshots(snapshotter);
        try
        {
            // An image in use is unpacked: asking first would be one call more for every container.
            return await snapshots.PrepareAsync(key, image.ChainId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (NotFoundException) when (image.ChainId.Length > 0)
        {
            await EnsureUnpackedAsync(image, snapshotter, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return await snapshots.PrepareAsync(key, image.ChainId, CancellationToken.None).ConfigureAwait(false);
        }
    }

    /// <summary>The files of a container's root file system, for looking up its user.</summary>
    /// <param name="image">The image it is made from and nothing has changed yet; null to read the snapshot as it is now.</param>
    /// <param name="mounts">The mounts of its snapshot.</param>
    /// <returns>A reader.</returns>
    public RootFiles Files(PlatformImage? image, IReadOnlyList<Mount> mounts) =>
        Files(image, _ => ValueTask.FromResult(mounts));

    /// <summary>Reads files of an image, or of another root file system, whose mounts are asked for only where they are needed.</summary>
    /// <param name="image">The image; null where the root file system is of none.</param>
    /// <param name="mounts">Gives the mounts that show it.</param>
    /// <returns>The reader.</returns>
    internal RootFiles Files(PlatformImage? image, Func<CancellationToken, ValueTask<IReadOnlyList<Mount>>> mounts) =>
        new(_client, image, mounts, _shared.Files);

    private static Attempt About(string verb, string name) => new($"{verb} image '{name}'", ResourceKind.Image, name);

    private async Task<StoredImage?> GetStoredAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            var request = new Wire.Images.GetImageRequest { Name = name };
            var reply = await _scope.CallAsync(About("get", name), o => Calls.GetAsync(request, o), cancellationToken).ConfigureAwait(false);
            return StoredImage.From(reply.Image);
        }
        catch (NotFoundException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<StoredImage>> ListStoredAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var request = new Wire.Images.ListImagesRequest { Filters = { filters } };
        var reply = await _scope.CallAsync(
            new Attempt("list the images", ResourceKind.Image, ""), o => Calls.ListAsync(request, o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Images.Select(StoredImage.From).OrderBy(image => image.Name, StringComparer.Ordinal)];
    }

    private async Task<StoredImage> FindStoredAsync(string name, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(name))
            throw new InvalidArgumentException("Name", "An image's name cannot be empty.");
        var full = ImageReference.TryParse(name, out var reference) ? reference.StoreName : null;
        return await GetStoredAsync(name, cancellationToken).ConfigureAwait(false)
            ?? (full is null || full == name ? null : await GetStoredAsync(full, cancellationToken).ConfigureAwait(false))
            ?? await FindByDigestAsync(name, cancellationToken).ConfigureAwait(false)
            ?? throw new NotFoundException(
                ResourceKind.Image, name, full is null || full == name ? null : $"No such image '{name}', and no '{full}'.");
    }

    private async Task<StoredImage?> FindByDigestAsync(string text, CancellationToken cancellationToken)
    {
        const string Algorithm = "sha256:";
        const int FewestDigits = 6;
        const int Digits = 64;
        var hex = text.StartsWith(Algorithm, StringComparison.Ordinal) ? text[Algorithm.Length..] : text;
        if (hex.Length is < FewestDigits or > Digits || hex.AsSpan().ContainsAnyExcept("0123456789abcdef"))
            return null;
        var found = await ListStoredAsync([$"target.digest~=\"^{Algorithm}{hex}\""], cancellationToken).ConfigureAwait(false);
        return found.Select(image => image.Target.Digest).Distinct().Count() > 1
            ? throw new InvalidArgumentException("Name", $"'{text}' is the beginning of several images' digests: give more digits.")
            : found.Count > 0 ? found[0] : null;
    }

    private async Task<Image> DescribeAsync(StoredImage image, CancellationToken cancellationToken)
    {
        var platform = await _shared.Platform.GetAsync(_client, cancellationToken).ConfigureAwait(false);
        var details = await _documents.DetailsAsync(image.Target, platform, cancellationToken).ConfigureAwait(false);
        return new Image
        {
            Session = _client.Session,
            Namespace = _scope.Namespace,
            Name = image.Name,
            Digest = image.Target.Digest,
            MediaType = image.Target.MediaType,
            Size = details.ForServer?.Size,
            Platforms = details.Platforms,
            CreatedAt = image.CreatedAt,
            UpdatedAt = image.UpdatedAt,
            Labels = image.Labels,
        };
    }
}

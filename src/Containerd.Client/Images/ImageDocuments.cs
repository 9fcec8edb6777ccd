using System.Collections.Concurrent;
using Containerd.Client.Content;
using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>What an image's documents say: for which platforms it is, and what it is for the server's own.</summary>
/// <param name="Platforms">The platforms it has manifests for.</param>
/// <param name="ForServer">The image for the server's platform; null where it has none, or it is not in the content store.</param>
internal sealed record ImageDetails(IReadOnlyList<string> Platforms, PlatformImage? ForServer)
{
    public static ImageDetails Unknown { get; } = new([], null);
}

/// <summary>
/// What a session has read of manifests and configs. They are named by their digests and never change, so that an image
/// that was looked at once costs no call to look at again.
/// </summary>
internal sealed class ImageCache
{
    // A document is a few kilobytes; a session that saw more images than this begins anew.
    private const int MostImages = 4096;

    private readonly ConcurrentDictionary<string, ImageDetails> _details = new();
    private readonly ConcurrentDictionary<string, PlatformImage> _images = new();

    public ImageDetails? Details(string key) => _details.GetValueOrDefault(key);

    public PlatformImage? Image(string key) => _images.GetValueOrDefault(key);

    public void Keep(string key, ImageDetails details) => Bounded(_details)[key] = details;

    public void Keep(string key, PlatformImage image) => Bounded(_images)[key] = image;

    private static ConcurrentDictionary<string, T> Bounded<T>(ConcurrentDictionary<string, T> cache)
    {
        if (cache.Count >= MostImages)
            cache.Clear();
        return cache;
    }
}

/// <summary>Reads an image's documents from the content store: from an index to the manifest for a platform, from there to the config.</summary>
internal sealed class ImageDocuments(ContentStore content, ImageCache cache, string containerdNamespace)
{
    /// <summary>The largest index, manifest or config that is read. Registries stop at 4 MiB.</summary>
    public const int MaxDocument = 4 << 20;

    // An index may list indexes; none in use is deeper than two.
    private const int MaxDepth = 4;

    /// <summary>The image for a platform.</summary>
    /// <param name="target">What the image's name stands for.</param>
    /// <param name="platform">The platform.</param>
    /// <param name="cancellationToken">Ends the reads.</param>
    /// <returns>The image; null where there is none for the platform, or its manifest is not in the store.</returns>
    /// <exception cref="InvalidContentException">One of the documents is none.</exception>
    /// <exception cref="NotFoundException">The target itself, or a config, is not in the store.</exception>
    public async Task<PlatformImage?> ForPlatformAsync(ContentDescriptor target, Platform platform, CancellationToken cancellationToken)
    {
        var key = $"{containerdNamespace} {target.Digest} {platform}";
        if (cache.Image(key) is { } known)
            return known;
        var found = await FindAsync(target, platform, isRoot: true, 0, cancellationToken).ConfigureAwait(false);
        if (found is not null)
            cache.Keep(key, found);
        return found;
    }

    /// <summary>For which platforms an image is, and what it is for the server's.</summary>
    /// <param name="target">What the image's name stands for.</param>
    /// <param name="server">The server's platform.</param>
    /// <param name="cancellationToken">Ends the reads.</param>
    /// <returns>What can be told; content that is missing or broken is no error here.</returns>
    public async Task<ImageDetails> DetailsAsync(ContentDescriptor target, Platform server, CancellationToken cancellationToken)
    {
        var key = $"{containerdNamespace} {target.Digest} {server}";
        if (cache.Details(key) is { } known)
            return known;
        try
        {
            var image = await ForPlatformAsync(target, server, cancellationToken).ConfigureAwait(false);
            IReadOnlyList<string> platforms = MediaTypes.IsIndex(target.MediaType)
                ? await PlatformsAsync(target, cancellationToken).ConfigureAwait(false)
                : image?.Config.Os.Length > 0 ? [image.Config.Platform.ToString()] : [];
            var details = new ImageDetails(platforms, image);

            // What is missing today may come with the next pull.
            if (image is not null)
                cache.Keep(key, details);
            return details;
        }
        catch (Exception e) when (e is NotFoundException or InvalidContentException)
        {
            return ImageDetails.Unknown;
        }
    }

    /// <summary>Reads a document of an image.</summary>
    /// <typeparam name="T">What it is parsed into.</typeparam>
    /// <param name="digest">Its digest.</param>
    /// <param name="parse">Parses it.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The document.</returns>
    public async Task<T> ReadAsync<T>(string digest, Func<byte[], T> parse, CancellationToken cancellationToken)
    {
        var bytes = await content.ReadAsync(digest, MaxDocument, cancellationToken).ConfigureAwait(false);
        try
        {
            return parse(bytes);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidContentException($"Cannot read content {digest}: {e.Message}", e);
        }
    }

    private async Task<PlatformImage?> FindAsync(
        ContentDescriptor descriptor, Platform platform, bool isRoot, int depth, CancellationToken cancellationToken)
    {
        if (depth > MaxDepth)
            throw new InvalidContentException($"Cannot read image index {descriptor.Digest}: its indexes are nested deeper than {MaxDepth}.");
        if (!MediaTypes.IsIndex(descriptor.MediaType))
        {
            // Where the name stands for one manifest, that is the image whatever its platform: the user asked for it by name.
            var document = await ReadAsync(descriptor.Digest, bytes => ImageManifest.Parse(bytes), cancellationToken).ConfigureAwait(false);
            var config = await ReadAsync(document.Config.Digest, bytes => ImageConfig.Parse(bytes), cancellationToken).ConfigureAwait(false);
            return isRoot || descriptor.Platform is not null || PlatformMatch.Rank(platform, config.Platform) is not null
                ? new PlatformImage(descriptor, document, config)
                : null;
        }

        var index = await ReadAsync(descriptor.Digest, bytes => ImageIndex.Parse(bytes), cancellationToken).ConfigureAwait(false);
        foreach (var candidate in index.Candidates(platform))
        {
            try
            {
                if (await FindAsync(candidate, platform, isRoot: false, depth + 1, cancellationToken).ConfigureAwait(false) is { } found)
                    return found;
            }
            catch (NotFoundException)
            {
                // An image that was pulled for some platforms lists them all and has content for those.
            }
        }

        return null;
    }

    private async Task<IReadOnlyList<string>> PlatformsAsync(ContentDescriptor target, CancellationToken cancellationToken)
    {
        var index = await ReadAsync(target.Digest, bytes => ImageIndex.Parse(bytes), cancellationToken).ConfigureAwait(false);

        // "unknown/unknown" is how attestations beside an image are marked.
        return [.. index.Manifests
            .Where(manifest => manifest.Platform is { Os.Length: > 0 } platform && platform.Os != "unknown")
            .Select(manifest => manifest.Platform!.Normalized().ToString())
            .Distinct()];
    }
}

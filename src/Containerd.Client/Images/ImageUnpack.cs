using System.Diagnostics;
using Containerd.Client.Oci;
using Containerd.Client.Snapshots;

namespace Containerd.Client.Images;

/// <summary>How far an unpack has come.</summary>
/// <param name="Layer">How many layers are unpacked.</param>
/// <param name="Layers">How many there are.</param>
public readonly record struct UnpackProgress(int Layer, int Layers);

/// <summary>
/// Unpacks an image's layers into snapshots, one on top of the other, by calls alone: no mount on the client's side. Works
/// under the lease of the client it is given (containerd's own unpacker does the same steps in the same order).
/// </summary>
internal sealed class ImageUnpack(ContainerdClient client, PlatformImage image, string snapshotter, IProgress<UnpackProgress>? progress)
{
    private const string RefLabel = "containerd.io/snapshot.ref";
    private const string UncompressedLabel = "containerd.io/uncompressed";
    private const string SnapshotGcLabel = "containerd.io/gc.ref.snapshot.";

    // How the server's tar, gzip and zstd readers word broken data; the error itself has no class.
    private static readonly string[] s_brokenDataTexts =
        ["unexpected EOF", "archive/tar:", "gzip:", "flate:", "zstd:", "invalid header", "checksum", "magic number", "corrupt"];

    private static readonly TimeSpan s_removeTimeout = TimeSpan.FromSeconds(10);

    private readonly Snapshotter _snapshots = client.Snapshots(snapshotter);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var diffIds = image.Config.DiffIds;
        if (diffIds.Count != image.Layers.Count)
        {
            throw new InvalidContentException(
                $"Cannot unpack image {image.Manifest.Digest}: its manifest has {image.Layers.Count} layers, its config {diffIds.Count}.");
        }

        var chain = ChainId.All(diffIds);
        if (chain.Count > 0 && !await HoldAsync(chain[^1], cancellationToken).ConfigureAwait(false))
        {
            for (var i = 0; i < chain.Count; i++)
            {
                progress?.Report(new UnpackProgress(i, chain.Count));
                await EnsureLayerAsync(image.Layers[i], diffIds[i], chain[i], i == 0 ? "" : chain[i - 1], cancellationToken).ConfigureAwait(false);
            }
        }

        progress?.Report(new UnpackProgress(chain.Count, chain.Count));
        if (chain.Count == 0)
            return;

        // This label alone keeps the snapshots for as long as the image is there; also those that another image brought.
        await client.Content.UpdateLabelsAsync(
            image.ConfigDescriptor.Digest,
            new Dictionary<string, string> { [SnapshotGcLabel + snapshotter] = chain[^1] },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Whether a layer's snapshot is there, and stays there: what others made can go with their images at any time.</summary>
    private async Task<bool> HoldAsync(string chainId, CancellationToken cancellationToken)
    {
        // In this order: what is found after it was put under the lease was not collected before.
        if (client.Scope.Lease is { } lease)
        {
            await client.Leases.AddResourceAsync(lease, new LeaseResource("snapshots/" + snapshotter, chainId), cancellationToken)
                .ConfigureAwait(false);
        }

        return await _snapshots.ExistsAsync(chainId, cancellationToken).ConfigureAwait(false);
    }

    private async Task EnsureLayerAsync(
        ContentDescriptor layer, string diffId, string chainId, string parent, CancellationToken cancellationToken)
    {
        if (await HoldAsync(chainId, cancellationToken).ConfigureAwait(false))
            return;
        var key = $"extract-{DateTime.UtcNow.Ticks}-{Guid.NewGuid():N} {chainId}";
        var labels = new Dictionary<string, string> { [RefLabel] = chainId };
        try
        {
            var mounts = await _snapshots.PrepareAsync(key, parent, cancellationToken, labels).ConfigureAwait(false);
            await ApplyAsync(layer, diffId, mounts, cancellationToken).ConfigureAwait(false);
            await _snapshots.CommitAsync(chainId, key, cancellationToken, labels).ConfigureAwait(false);
        }
        catch (AlreadyExistsException)
        {
            // Another client was quicker, or a snapshotter that fetches layers by itself has this one (it then refuses to prepare).
            await RemoveAsync(key).ConfigureAwait(false);
            await _snapshots.StatAsync(chainId, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await RemoveAsync(key).ConfigureAwait(false);
            throw;
        }

        await client.Content.UpdateLabelsAsync(
            layer.Digest, new Dictionary<string, string> { [UncompressedLabel] = diffId }, cancellationToken).ConfigureAwait(false);
    }

    private async Task ApplyAsync(ContentDescriptor layer, string diffId, IReadOnlyList<Mount> mounts, CancellationToken cancellationToken)
    {
        string applied;
        try
        {
            applied = await client.LayerDiff.ApplyAsync(layer, mounts, cancellationToken).ConfigureAwait(false);
        }
        catch (ContainerdException e) when (Array.Exists(s_brokenDataTexts, text => e.Message.Contains(text, StringComparison.OrdinalIgnoreCase)))
        {
            throw new InvalidContentException($"{e.Message} (image {image.Manifest.Digest})", e);
        }

        if (applied != diffId)
        {
            throw new InvalidContentException(
                $"Cannot unpack image {image.Manifest.Digest}: its layer {layer.Digest} unpacks to {applied}, and its config says {diffId}.");
        }
    }

    private async Task RemoveAsync(string key)
    {
        // Not bound to the caller's token: Ctrl+C must not leave half a layer behind.
        using var deadline = new CancellationTokenSource(s_removeTimeout);
        try
        {
            await _snapshots.RemoveAsync(key, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // Never made, or committed; else the lease's end takes it.
            Debug.WriteLine(e);
        }
    }
}

using System.Diagnostics;
using Containerd.Client.Snapshots;

namespace Containerd.Client.Images;

/// <summary>
/// A view of an image for looking into it, made when its mounts are first asked for and removed at the end. It needs no lease:
/// should the garbage collection take it while it is read, what was to be read is read from the layers' blobs.
/// </summary>
internal sealed class ImageView(ContainerdClient client, PlatformImage? image, string snapshotter) : IAsyncDisposable
{
    private static readonly TimeSpan s_removeTimeout = TimeSpan.FromSeconds(10);

    private string? _key;

    /// <summary>The mounts that show the image, which is unpacked first where that is still to be done.</summary>
    /// <returns>None where there is no image, or where nothing can be looked into from here.</returns>
    public async ValueTask<IReadOnlyList<Mount>> MountsAsync(CancellationToken cancellationToken)
    {
        if (image is null or { ChainId.Length: 0 } || !client.Session.IsLocal)
            return [];
        var snapshots = client.Snapshots(snapshotter);
        if (_key is not null)
            return await snapshots.MountsAsync(_key, cancellationToken).ConfigureAwait(false);
        _key = "view-" + Guid.NewGuid().ToString("N");
        try
        {
            return await snapshots.ViewAsync(_key, image.ChainId, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            await client.Images.EnsureUnpackedAsync(image, snapshotter, cancellationToken).ConfigureAwait(false);
            return await snapshots.ViewAsync(_key, image.ChainId, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the view, with a deadline of its own.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_key is null)
            return;
        using var deadline = new CancellationTokenSource(s_removeTimeout);
        try
        {
            await client.Snapshots(snapshotter).RemoveAsync(_key, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // Nothing refers to it: the garbage collection takes it.
            Debug.WriteLine(e);
        }
    }
}

using System.Diagnostics;
using Containerd.Client.Snapshots;

namespace Containerd.Client.Images;

/// <summary>
/// A view of an image for looking into it, made when its mounts are first asked for and removed at the end. It needs no lease:
/// should the garbage collection take it while it is read, the image's own directories, which are read, stay.
/// </summary>
internal sealed class ImageView(ContainerdClient client, PlatformImage? image, string snapshotter) : IAsyncDisposable
{
    private static readonly TimeSpan s_removeTimeout = TimeSpan.FromSeconds(10);

    private string? _key;
    private IReadOnlyList<Mount>? _mounts;

    /// <summary>The mounts that show the image, which is unpacked first where that is still to be done.</summary>
    /// <returns>None where there is no image, or where nothing can be looked into from here.</returns>
    public async ValueTask<IReadOnlyList<Mount>> MountsAsync(CancellationToken cancellationToken)
    {
        if (_mounts is not null)
            return _mounts;
        if (image is null or { ChainId.Length: 0 } || !client.Session.IsLocal)
            return _mounts = [];

        // Not cancelled itself: the server might make the view all the same, after it has been removed here.
        cancellationToken.ThrowIfCancellationRequested();
        var snapshots = client.Snapshots(snapshotter);
        var key = "view-" + Guid.NewGuid().ToString("N");
        try
        {
            _mounts = await snapshots.ViewAsync(key, image.ChainId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            await client.Images.EnsureUnpackedAsync(image, snapshotter, cancellationToken).ConfigureAwait(false);
            _mounts = await snapshots.ViewAsync(key, image.ChainId, CancellationToken.None).ConfigureAwait(false);
        }

        _key = key;
        return _mounts;
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

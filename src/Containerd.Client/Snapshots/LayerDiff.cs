using Containerd.Client.Connection;
using Containerd.Client.Oci;

namespace Containerd.Client.Snapshots;

/// <summary>The server's diff service: it unpacks layers into snapshots.</summary>
public sealed class LayerDiff
{
    private readonly CallScope _scope;

    internal LayerDiff(CallScope scope) => _scope = scope;

    /// <summary>Unpacks a layer into mounts; decompression and all file system work happen in the server.</summary>
    /// <param name="layer">The layer's blob.</param>
    /// <param name="mounts">The mounts of the active snapshot to unpack into.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The digest of the layer's uncompressed bytes as the server saw them: the caller's to compare with the diff id.</returns>
    /// <exception cref="ContainerdException">The blob is missing, is no layer, or does not fit on the disk.</exception>
    public async Task<string> ApplyAsync(ContentDescriptor layer, IReadOnlyList<Mount> mounts, CancellationToken cancellationToken)
    {
        var calls = new Wire.Diff.Diff.DiffClient(_scope.Invoker);
        var request = new Wire.Diff.ApplyRequest
        {
            Diff = new Wire.Types.ContentDescriptor { MediaType = layer.MediaType, Digest = layer.Digest, Size = layer.Size },
            Mounts = { mounts.Select(mount => mount.ToWire()) },
        };
        var attempt = new Attempt($"unpack layer {layer.Digest}", ResourceKind.Content, layer.Digest);
        var reply = await _scope.CallAsync(attempt, o => calls.ApplyAsync(request, o), cancellationToken, Timeout.InfiniteTimeSpan)
            .ConfigureAwait(false);
        return reply.Applied.Digest;
    }
}

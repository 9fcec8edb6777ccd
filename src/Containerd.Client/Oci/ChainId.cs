using System.Text;

namespace Containerd.Client.Oci;

/// <summary>The name of a stack of layers, by which a snapshotter knows the unpacked result.</summary>
/// <remarks>
/// Source: opencontainers/image-spec, config.md, "Layer ChainID": the first layer's is its DiffID, every further one's is
/// the SHA-256 of the ChainID below, a space, and its DiffID.
/// </remarks>
public static class ChainId
{
    /// <summary>The ChainID of the whole stack; empty for an image without layers, whose snapshot has no parent.</summary>
    /// <param name="diffIds">The digests of the uncompressed layers, bottom first.</param>
    /// <exception cref="InvalidArgumentException">One of them is no digest.</exception>
    public static string Of(IEnumerable<string> diffIds) => All(diffIds) is [.., var top] ? top : "";

    /// <summary>The ChainID of every layer, bottom first: the snapshots an unpack makes.</summary>
    /// <param name="diffIds">The digests of the uncompressed layers, bottom first.</param>
    /// <exception cref="InvalidArgumentException">One of them is no digest.</exception>
    public static IReadOnlyList<string> All(IEnumerable<string> diffIds)
    {
        ArgumentNullException.ThrowIfNull(diffIds);
        var chain = new List<string>();
        foreach (string diffId in diffIds)
        {
            Digest layer = Digest.Parse(diffId, "DiffId");
            chain.Add(chain is [.., var below]
                ? Digest.Of(Encoding.ASCII.GetBytes($"{below} {layer}")).ToString()
                : layer.ToString());
        }

        return chain;
    }
}

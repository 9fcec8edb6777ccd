using Containerd.Client.Oci;

namespace Containerd.Client.Containers;

/// <summary>What a new container is made of.</summary>
/// <param name="Id">Its id; <see cref="ContainerId.New"/> makes one.</param>
public sealed record ContainerOptions(string Id)
{
    /// <summary>The image whose file system and config it is made from, by whatever name; null for none.</summary>
    public string? Image { get; init; }

    /// <summary>A directory on the daemon's host that is its root file system, instead of a snapshot; null for none.</summary>
    public string? RootFs { get; init; }

    /// <summary>The whole OCI runtime spec, with whatever fields; null to have one made. It is taken over, and may be changed by <see cref="Process"/>.</summary>
    public RuntimeSpec? Spec { get; init; }

    /// <summary>
    /// The wishes from which the spec is made, or by which the given spec is changed. What <see cref="SpecOptions"/> says of image,
    /// namespace, id and, on the daemon's host, of devices and network files is filled in here.
    /// </summary>
    public SpecOptions Process { get; init; } = new("", "");

    /// <summary>Its network, which <see cref="SpecOptions.Network"/> is set to; null for none, or for that of the given spec.</summary>
    public ContainerNetwork? Network { get; init; }

    /// <summary>Labels beside those that the image's config has; one of the same key is stronger. None may be empty: containerd keeps no such label.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The runtime, such as io.containerd.runc.v2; null for the namespace's own.</summary>
    public string? Runtime { get; init; }

    /// <summary>
    /// Options of the runtime by the names of their fields, in any way of writing (BinaryName, binary_name): those of
    /// containerd.runc.v1.Options for runc, of runhcs for Windows, TypeUrl, ConfigPath and ConfigBody for others.
    /// </summary>
    public IReadOnlyDictionary<string, object?> RuntimeOptions { get; init; } = new Dictionary<string, object?>();

    /// <summary>The snapshotter of the root file system; null for the namespace's own.</summary>
    public string? Snapshotter { get; init; }
}

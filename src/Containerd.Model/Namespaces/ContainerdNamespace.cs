namespace Containerd;

/// <summary>
/// A containerd namespace: it keeps the containers, images and content of one client from another's. Its Name and its
/// Namespace are the same, so that it can be piped to any cmdlet that takes -Namespace.
/// </summary>
public sealed record ContainerdNamespace : SessionObject
{
    /// <summary>The name.</summary>
    public string Name => Namespace;

    /// <summary>
    /// The labels, by key. containerd.io/defaults/runtime and containerd.io/defaults/snapshotter choose what containers of
    /// the namespace use unless told otherwise.
    /// </summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}

namespace Containerd.Client.Namespaces;

/// <summary>
/// The runtime and the snapshotter that a namespace's containers have unless told otherwise: what the namespace's labels say,
/// else what containerd's own clients use (facts 2.1.4).
/// </summary>
/// <param name="Runtime">The runtime; null where the namespace does not say.</param>
/// <param name="Snapshotter">The snapshotter; null where the namespace does not say.</param>
internal sealed record NamespaceDefaults(string? Runtime, string? Snapshotter)
{
    private const string RuntimeLabel = "containerd.io/defaults/runtime";
    private const string SnapshotterLabel = "containerd.io/defaults/snapshotter";

    /// <summary>Asks for them. Labels can change at any time, so they are not remembered.</summary>
    public static async Task<NamespaceDefaults> ReadAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        var labels = await client.Namespaces.GetLabelsAsync(client.Namespace, cancellationToken).ConfigureAwait(false);
        return new(Value(labels, RuntimeLabel), Value(labels, SnapshotterLabel));
    }

    /// <summary>The runtime for containers of an operating system.</summary>
    public string RuntimeFor(bool windows) => Runtime ?? (windows ? "io.containerd.runhcs.v1" : "io.containerd.runc.v2");

    /// <summary>The snapshotter for containers of an operating system.</summary>
    public string SnapshotterFor(bool windows) => Snapshotter ?? (windows ? "windows" : "overlayfs");

    private static string? Value(IReadOnlyDictionary<string, string> labels, string key) =>
        labels.TryGetValue(key, out var value) && value.Length > 0 ? value : null;
}

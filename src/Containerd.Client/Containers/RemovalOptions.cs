namespace Containerd.Client.Containers;

/// <summary>How a container is removed.</summary>
public sealed record RemovalOptions
{
    /// <summary>Kills its processes first (SIGKILL) where it has any; without, a container in use is an error.</summary>
    public bool Force { get; init; }

    /// <summary>
    /// Keeps the snapshot of its root file system. With the record gone nothing refers to it any more, so the caller's wish is
    /// written on it as the label containerd.io/gc.root: otherwise the garbage collection would take it within a second.
    /// </summary>
    public bool KeepSnapshot { get; init; }
}

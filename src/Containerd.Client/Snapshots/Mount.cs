namespace Containerd.Client.Snapshots;

/// <summary>A mount that a snapshotter wants made, on the server's host: what a task's root file system is put together from.</summary>
/// <param name="Type">The file system's type, such as overlay or bind.</param>
/// <param name="Source">What is mounted: a device, a directory, or just the type again.</param>
/// <param name="Target">Where, below the mount point of the whole; empty for the root itself.</param>
/// <param name="Options">The options of mount(8), such as lowerdir=….</param>
public sealed record Mount(string Type, string Source, string Target, IReadOnlyList<string> Options)
{
    internal static Mount FromWire(Wire.Types.Mount mount) => new(mount.Type, mount.Source, mount.Target, [.. mount.Options]);

    internal Wire.Types.Mount ToWire() => new() { Type = Type, Source = Source, Target = Target, Options = { Options } };
}

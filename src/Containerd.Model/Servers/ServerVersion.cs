namespace Containerd;

/// <summary>What a containerd says of itself.</summary>
public sealed record ServerVersion : SessionObject
{
    /// <summary>The version as the server reports it, such as 1.7.24~ds1: a distribution may have added to it.</summary>
    public required string Version { get; init; }

    /// <summary>The source revision it was built from.</summary>
    public required string Revision { get; init; }

    /// <summary>The server's own id, made when its root directory was.</summary>
    public required string Uuid { get; init; }

    /// <summary>The daemon's process id on its host; null where the server is too old to say (containerd 1.6).</summary>
    public int? Pid { get; init; }

    /// <summary>Features in use that a later containerd will drop, in the server's words.</summary>
    public IReadOnlyList<string> Deprecations { get; init; } = [];

    /// <summary>The version.</summary>
    public override string ToString() => Version;
}

/// <summary>A plugin of a containerd: a service, snapshotter, runtime or other part of it.</summary>
public sealed record Plugin : SessionObject
{
    /// <summary>The kind of plugin, such as io.containerd.snapshotter.v1.</summary>
    public required string Type { get; init; }

    /// <summary>The plugin's name within its type, such as overlayfs.</summary>
    public required string Id { get; init; }

    /// <summary>True when the plugin works.</summary>
    public bool IsReady => Error is null;

    /// <summary>Why the plugin was skipped or failed; null when it works.</summary>
    public string? Error { get; init; }

    /// <summary>The plugin types it builds on.</summary>
    public IReadOnlyList<string> Requires { get; init; } = [];

    /// <summary>The platforms it serves, such as linux/amd64.</summary>
    public IReadOnlyList<string> Platforms { get; init; } = [];

    /// <summary>What it is capable of, in its own words.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>What it tells others, such as a snapshotter's root directory.</summary>
    public required IReadOnlyDictionary<string, string> Exports { get; init; }

    /// <summary>Type and id, as containerd joins them.</summary>
    public override string ToString() => $"{Type}.{Id}";
}

/// <summary>Whether a server serves.</summary>
public sealed record ServerHealth
{
    /// <summary>The address that was asked.</summary>
    public required string Address { get; init; }

    /// <summary>True when the server answered that it serves.</summary>
    public required bool IsServing { get; init; }

    /// <summary>How long the answer took.</summary>
    public required TimeSpan ResponseTime { get; init; }

    /// <summary>Why it does not serve; null when it does.</summary>
    public string? Error { get; init; }
}

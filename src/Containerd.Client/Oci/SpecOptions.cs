namespace Containerd.Client.Oci;

/// <summary>What network a container has.</summary>
public enum ContainerNetwork
{
    /// <summary>One of its own with nothing in it but loopback, as containerd's default is.</summary>
    None,

    /// <summary>The host's.</summary>
    Host,
}

/// <summary>How many files a process may have open (RLIMIT_NOFILE).</summary>
/// <param name="Soft">What it starts with.</param>
/// <param name="Hard">Up to what it may raise that itself.</param>
public readonly record struct OpenFilesLimit(ulong Soft, ulong Hard)
{
    /// <summary>
    /// 1024 and 524288, systemd's default for every service. ctr's 1024 for both is too little for a busy server, which
    /// cannot raise it; a soft limit of a million makes programs slow that walk all descriptors and breaks those that use
    /// select(). Servers raise the soft limit themselves.
    /// </summary>
    public static OpenFilesLimit Default { get; } = new(1024, 524_288);

    /// <summary>The same limit, cut to what another allows.</summary>
    public OpenFilesLimit Within(OpenFilesLimit other) => new(Math.Min(Soft, other.Hard), Math.Min(Hard, other.Hard));
}

/// <summary>A device of the host that the container gets.</summary>
/// <param name="Path">Its path in the container.</param>
/// <param name="Type">'c', 'b' or 'p': a character device, a block device or a FIFO.</param>
/// <param name="Major">The major number.</param>
/// <param name="Minor">The minor number.</param>
public sealed record LinuxDevice(string Path, char Type, long Major, long Minor)
{
    /// <summary>The permission bits of the node.</summary>
    public int FileMode { get; init; } = 0b110_110_110;

    /// <summary>The node's owner.</summary>
    public uint Uid { get; init; }

    /// <summary>The node's group.</summary>
    public uint Gid { get; init; }

    /// <summary>What may be done with it: read, write, mknod.</summary>
    public string Access { get; init; } = "rwm";
}

/// <summary>What a new container's spec is made from: the image's config and the user's wishes.</summary>
/// <param name="Namespace">containerd's namespace.</param>
/// <param name="Id">The container's id.</param>
public sealed record SpecOptions(string Namespace, string Id)
{
    /// <summary>The image's config; null for a container without image.</summary>
    public ImageConfig? Image { get; init; }

    /// <summary>GOOS of the container; the image's, or "linux", where null.</summary>
    public string? Os { get; init; }

    /// <summary>Replaces the image's entrypoint and leaves out its command; empty for no entrypoint; null to keep it.</summary>
    public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Replaces the image's command: the arguments of the entrypoint, or the program where there is none; null to keep it.</summary>
    public IReadOnlyList<string>? Command { get; init; }

    /// <summary>Added to the image's environment: <c>NAME=value</c> sets, <c>NAME</c> removes.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Who it runs as, see <see cref="UserResolver"/>; the image's user where null.</summary>
    public string? User { get; init; }

    /// <summary>Where it starts, an absolute path; the image's where null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Its host name; the host's where null.</summary>
    public string? Hostname { get; init; }

    /// <summary>Mounts beside the default ones; one with a default's destination replaces it.</summary>
    public IReadOnlyList<MountSpec> Mounts { get; init; } = [];

    /// <summary>The limits.</summary>
    public LinuxResources Resources { get; init; } = new();

    /// <summary>
    /// Whether it may do what the host's root may: every capability, every device allowed, nothing masked or read-only
    /// under /proc and /sys, no barrier to new privileges. The device nodes themselves come from <see cref="Devices"/>.
    /// </summary>
    public bool Privileged { get; init; }

    /// <summary>Whether its root file system is read-only.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Capabilities to add, see <see cref="Capability"/>.</summary>
    public IReadOnlyList<string> CapAdd { get; init; } = [];

    /// <summary>Capabilities to drop.</summary>
    public IReadOnlyList<string> CapDrop { get; init; } = [];

    /// <summary>Whether it has a terminal.</summary>
    public bool Tty { get; init; }

    /// <summary>The terminal's size.</summary>
    public ConsoleSize? ConsoleSize { get; init; }

    /// <summary>Its network.</summary>
    public ContainerNetwork Network { get; init; }

    /// <summary>
    /// The files of the daemon's host that a container on the host's network reads, by their path in the container:
    /// /etc/resolv.conf and /etc/hosts. Give only those that exist, because a mount of nothing fails the start.
    /// </summary>
    public IReadOnlyDictionary<string, string> HostNetworkFiles { get; init; } = new Dictionary<string, string>();

    /// <summary>Devices of the host.</summary>
    public IReadOnlyList<LinuxDevice> Devices { get; init; } = [];

    /// <summary>The spec's annotations.</summary>
    public IReadOnlyDictionary<string, string> Annotations { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether setuid programs and file capabilities give no privilege; a privileged container is never so bound.</summary>
    public bool NoNewPrivileges { get; init; } = true;

    /// <summary>
    /// How many files it may have open. Where null it is <see cref="OpenFilesLimit.Default"/> within the daemon's own limit
    /// if that is known, and otherwise what the daemon has, since to ask for more may fail the start.
    /// </summary>
    public OpenFilesLimit? OpenFiles { get; init; }

    /// <summary>What the daemon itself may do, where that is known: no container gets more.</summary>
    public DaemonBounds Daemon { get; init; } = DaemonBounds.Unknown;

    /// <summary>The cgroup; <c>/namespace/id</c> where null. With runc's systemd driver it is <c>slice:prefix:name</c>.</summary>
    public string? CgroupsPath { get; init; }
}

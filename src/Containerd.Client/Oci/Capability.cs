namespace Containerd.Client.Oci;

/// <summary>Linux capabilities, and the set a container gets from a user's wishes.</summary>
/// <remarks>Source: capabilities(7); the default set is containerd's, which is also Docker's.</remarks>
public static class Capability
{
    /// <summary>Every capability the kernel knows (Linux 5.9 and later), in the order of their numbers.</summary>
    /// <remarks>A runtime leaves out, with a warning, what its kernel lacks.</remarks>
    public static IReadOnlyList<string> All { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK",
        "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE",
        "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM",
        "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>The capabilities of a container whose user wished for nothing, in containerd's order.</summary>
    public static IReadOnlyList<string> Default { get; } =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP",
        "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>The kernel's name of a capability typed in any letter case, with or without <c>CAP_</c>.</summary>
    /// <param name="text">The capability, such as <c>net_admin</c>.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">There is no such capability.</exception>
    public static string Parse(string text, string parameter = "Capability")
    {
        string name = (text ?? "").Trim().ToUpperInvariant();
        if (!name.StartsWith("CAP_", StringComparison.Ordinal))
            name = "CAP_" + name;
        return All.Contains(name) ? name
            : throw new InvalidArgumentException(
                parameter, $"'{text}' is no Linux capability; capabilities(7) has the names, such as NET_ADMIN, or give ALL.");
    }

    /// <summary>
    /// The set that remains when capabilities are added to and dropped from a set. <c>ALL</c> stands for every one; what is
    /// named is stronger than ALL on the other side, and where both sides name the same one it is had.
    /// </summary>
    /// <param name="from">The set to start from.</param>
    /// <param name="add">What to add.</param>
    /// <param name="drop">What to drop.</param>
    /// <param name="had">What the daemon has and so can give; null for everything.</param>
    /// <exception cref="InvalidArgumentException">A name is no capability or not to be had; it names the parameter CapAdd or CapDrop.</exception>
    public static IReadOnlyList<string> Apply(
        IReadOnlyList<string> from, IReadOnlyList<string> add, IReadOnlyList<string> drop, IReadOnlyList<string>? had = null)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(add);
        ArgumentNullException.ThrowIfNull(drop);
        had ??= All;
        bool addAll = add.Any(IsAll), dropAll = drop.Any(IsAll);
        string[] added = [.. add.Where(name => !IsAll(name)).Select(name => Parse(name, "CapAdd"))];
        string[] dropped = [.. drop.Where(name => !IsAll(name)).Select(name => Parse(name, "CapDrop"))];
        if (addAll && dropAll)
            throw new InvalidArgumentException("CapDrop", "ALL can be added or dropped, not both.");
        if (added.FirstOrDefault(name => !had.Contains(name)) is { } missing)
            throw new InvalidArgumentException("CapAdd", $"The daemon does not have {missing} itself, so it can't give it.");
        IEnumerable<string> set = addAll ? All : dropAll ? [] : from;
        return [.. set.Where(had.Contains).Except(dropped).Union(added)];
    }

    private static bool IsAll(string? name) => name?.Trim().ToUpperInvariant() is "ALL" or "CAP_ALL";
}

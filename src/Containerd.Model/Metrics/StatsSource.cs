namespace Containerd;

/// <summary>Who counted what a container uses.</summary>
public enum StatsSource
{
    /// <summary>The kernel's cgroups of version 1.</summary>
    CgroupV1,

    /// <summary>The kernel's cgroups of version 2.</summary>
    CgroupV2,

    /// <summary>Windows' Host Compute Service.</summary>
    Windows,
}

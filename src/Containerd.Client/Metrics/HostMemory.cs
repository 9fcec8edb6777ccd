using System.Globalization;

namespace Containerd.Client.Metrics;

/// <summary>The memory of this machine, against which a container without a limit is measured.</summary>
internal static class HostMemory
{
    private static readonly Lazy<long?> s_total = new(() => OperatingSystem.IsLinux() ? Read("/proc/meminfo") : null);

    /// <summary>All memory of the machine in bytes; null where this system does not tell.</summary>
    public static long? Total => s_total.Value;

    // "MemTotal:       65784068 kB", in the first line (proc(5)).
    private static long? Read(string path)
    {
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith("MemTotal:", StringComparison.Ordinal)
                && line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var number, "kB"]
                && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var kibibytes))
            {
                return kibibytes * 1024;
            }
        }

        return null;
    }
}

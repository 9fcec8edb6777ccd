using System.Globalization;
using System.Runtime.Versioning;
using Containerd.Client.Oci;

namespace Containerd.Client.Containers;

/// <summary>What a container may get of the host it runs on. Only a client on that host can know it.</summary>
[SupportedOSPlatform("linux")]
internal static class DaemonHost
{
    private const string DeviceClasses = "/sys/dev";

    // The runtime makes these in every container by itself (runtime-spec, config-linux.md, "Default Devices").
    private static readonly HashSet<string> s_default = ["null", "zero", "full", "random", "urandom", "tty", "console", "ptmx"];

    /// <summary>The files with names and name servers that a container on the host's network shares, by their path in the container.</summary>
    /// <returns>Those that are there: the runtime fails on a mount of nothing.</returns>
    public static IReadOnlyDictionary<string, string> NetworkFiles() =>
        new[] { "/etc/resolv.conf", "/etc/hosts" }.Where(File.Exists).ToDictionary(path => path);

    /// <summary>The device nodes of the host, for privileged containers, as the kernel names them.</summary>
    /// <returns>Those with a node under /dev.</returns>
    public static IReadOnlyList<LinuxDevice> Devices()
    {
        var devices = new List<LinuxDevice>();
        foreach (var (directory, type) in new[] { ("char", 'c'), ("block", 'b') })
        {
            var path = Path.Combine(DeviceClasses, directory);
            if (!Directory.Exists(path))
                continue;
            foreach (var entry in Directory.EnumerateFileSystemEntries(path))
            {
                if (Device(entry, type) is { } device)
                    devices.Add(device);
            }
        }

        return [.. devices.OrderBy(device => device.Path, StringComparer.Ordinal)];
    }

    private static LinuxDevice? Device(string entry, char type)
    {
        try
        {
            var name = File.ReadLines(Path.Combine(entry, "uevent"))
                .FirstOrDefault(line => line.StartsWith("DEVNAME=", StringComparison.Ordinal))?["DEVNAME=".Length..];
            var numbers = Path.GetFileName(entry).Split(':');
            if (name is null || s_default.Contains(name) || numbers is not [var major, var minor])
                return null;
            var node = "/dev/" + name;
            return File.Exists(node)
                ? new LinuxDevice(node, type, long.Parse(major, CultureInfo.InvariantCulture), long.Parse(minor, CultureInfo.InvariantCulture))
                {
                    FileMode = (int)File.GetUnixFileMode(node),
                }
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Unplugged in this moment.
            return null;
        }
    }
}

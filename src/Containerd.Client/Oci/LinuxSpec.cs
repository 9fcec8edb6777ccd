using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Containerd.Client.Oci;

/// <summary>The spec of a Linux container.</summary>
internal static partial class LinuxSpec
{
    private static readonly string[] NewNamespaces = ["pid", "ipc", "uts", "mount", "network"];

    private static readonly string[] MaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
        "/proc/sched_debug", "/sys/firmware", "/sys/devices/virtual/powercap", "/proc/scsi",
    ];

    private static readonly string[] ReadOnlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>null, random, full, tty, zero, urandom, console, the terminals of devpts, and ptmx.</summary>
    private static readonly (long Major, long? Minor)[] DefaultDevices =
        [(1, 3), (1, 8), (1, 7), (5, 0), (1, 5), (1, 9), (5, 1), (136, null), (5, 2)];

    public static RuntimeSpec Generate(SpecOptions options, ProcessUser user)
    {
        if (options.Hostname is { } name && !HostnameGrammar().IsMatch(name))
            throw new InvalidArgumentException(
                "Hostname", $"'{name}' is no host name; one has up to 64 letters, digits, dots and dashes, with a letter or digit at either end.");
        var spec = SpecGenerator.NewSpec(Process(options, user));
        spec.RootPath = "rootfs";
        spec.RootReadOnly = options.ReadOnly;
        spec.Hostname = options.Hostname;
        spec.Mounts = Mounts(options);
        foreach ((string key, string value) in options.Annotations)
            spec.SetAnnotation(key, value);

        var linux = new JsonObject { ["resources"] = new JsonObject { ["devices"] = DeviceRules(options) } };
        spec.Json["linux"] = linux;
        spec.CgroupsPath = options.CgroupsPath ?? $"/{options.Namespace}/{options.Id}";
        foreach (string type in NewNamespaces)
            if (type != "network" || options.Network != ContainerNetwork.Host)
                spec.SetNamespace(type);
        if (options.Devices.Count > 0)
            linux["devices"] = new JsonArray([.. options.Devices.Select(DeviceNode)]);
        if (!options.Privileged)
        {
            linux["maskedPaths"] = OciJson.ArrayOf(MaskedPaths);
            linux["readonlyPaths"] = OciJson.ArrayOf(ReadOnlyPaths);
        }

        options.Resources.MergeInto(spec);
        return spec;
    }

    private static ProcessSpec Process(SpecOptions options, ProcessUser user)
    {
        ExecutionConfig image = options.Image?.Config ?? new();
        var process = new ProcessSpec([])
        {
            Terminal = options.Tty,
            ConsoleSize = options.Tty ? options.ConsoleSize : null,
            User = user,
            Args = ProcessArguments.For(options),
            Env = EnvironmentList.ForLinux(image.Env, options.Env, options.Tty),
            Cwd = WorkingDirectory(options.WorkingDirectory, image.WorkingDir),
            Capabilities = Capability.Apply(
                options.Privileged ? Capability.All : Capability.Default, options.CapAdd, options.CapDrop, options.Daemon.Capabilities),
            OpenFiles = options.OpenFiles ?? (options.Daemon.OpenFiles is { } limit ? OpenFilesLimit.Default.Within(limit) : null),
            NoNewPrivileges = options.NoNewPrivileges && !options.Privileged,
        };
        return process;
    }

    private static string WorkingDirectory(string? wish, string image)
    {
        if (wish is null)
            return image.StartsWith('/') ? image : "/" + image; // docker takes an image's relative path from the root
        return wish.StartsWith('/') && !wish.Contains('\0', StringComparison.Ordinal) ? wish
            : throw new InvalidArgumentException("WorkingDirectory", $"'{wish}' is no absolute path in the container.");
    }

    private static IReadOnlyList<MountSpec> Mounts(SpecOptions options)
    {
        List<MountSpec> mounts = [.. DefaultMounts(sys: options.Privileged ? "rw" : "ro")];
        if (options.Network == ContainerNetwork.Host)
            mounts.AddRange(options.HostNetworkFiles.OrderBy(file => file.Key, StringComparer.Ordinal).Select(file =>
                new MountSpec(file.Key) { Type = "bind", Source = file.Value, Options = ["rbind", "ro"] }));
        string[] own = [.. options.Mounts.Select(mount => mount.Destination)];
        if (own.GroupBy(path => path, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new InvalidArgumentException("Mount", $"Two mounts have the destination '{twice.Key}'.");
        // What the user mounts takes the place of a default mount there, and hides those below a /dev of theirs.
        mounts.RemoveAll(mount => own.Contains(mount.Destination)
            || (own.Contains("/dev") && mount.Destination.StartsWith("/dev/", StringComparison.Ordinal)));
        // A mount comes after the one it lies in, or it would be hidden.
        mounts.AddRange(options.Mounts.OrderBy(mount => mount.Destination.Count(c => c == '/')));
        return mounts;
    }

    private static IEnumerable<MountSpec> DefaultMounts(string sys) =>
    [
        new("/proc") { Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
        new("/dev") { Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
        new("/dev/pts")
        {
            Type = "devpts",
            Source = "devpts",
            Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"],
        },
        new("/dev/shm") { Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
        new("/dev/mqueue") { Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
        new("/sys") { Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", sys] },
        new("/run") { Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
    ];

    private static JsonArray DeviceRules(SpecOptions options)
    {
        if (options.Privileged)
            return new JsonArray(new JsonObject { ["allow"] = true, ["access"] = "rwm" });
        var rules = new JsonArray(new JsonObject { ["allow"] = false, ["access"] = "rwm" });
        foreach ((long major, long? minor) in DefaultDevices)
            Allow('c', major, minor, "rwm");
        foreach (LinuxDevice device in options.Devices)
            Allow(device.Type, device.Major, device.Minor, device.Access);
        return rules;

        void Allow(char type, long major, long? minor, string access)
        {
            var rule = new JsonObject { ["allow"] = true, ["type"] = type.ToString(), ["major"] = major };
            if (minor is { } number)
                rule["minor"] = number;
            rule["access"] = access;
            rules.Add((JsonNode)rule);
        }
    }

    private static JsonNode DeviceNode(LinuxDevice device) => new JsonObject
    {
        ["path"] = device.Path,
        ["type"] = device.Type.ToString(),
        ["major"] = device.Major,
        ["minor"] = device.Minor,
        ["fileMode"] = device.FileMode,
        ["uid"] = (long)device.Uid,
        ["gid"] = (long)device.Gid,
    };

    [GeneratedRegex(@"\A[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?\z")]
    private static partial Regex HostnameGrammar();
}

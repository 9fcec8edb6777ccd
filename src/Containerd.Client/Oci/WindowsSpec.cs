using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>
/// The spec of a Windows container with process isolation: what it runs, where, as whom, bind mounts, memory and CPUs.
/// What it does not do it refuses, rather than leave it out silently.
/// </summary>
/// <remarks>Written from the OCI spec's config-windows.md and containerd's Windows defaults; it has not run on a Windows host.</remarks>
internal static class WindowsSpec
{
    public static RuntimeSpec Generate(SpecOptions options)
    {
        RefuseWhatIsLinuxOnly(options);
        ExecutionConfig image = options.Image?.Config ?? new();
        var process = new ProcessSpec([])
        {
            Terminal = options.Tty,
            ConsoleSize = options.Tty ? options.ConsoleSize : null,
        };
        process.Json["user"] = new JsonObject { ["username"] = options.User ?? image.User };
        ProcessArguments.Set(process, options);
        process.Env = EnvironmentList.Merge(image.Env, options.Env, ignoreCase: true);
        process.Cwd = options.WorkingDirectory ?? (image.WorkingDir is { Length: > 0 } directory ? directory : @"C:\");

        var spec = SpecGenerator.NewSpec(process);
        spec.Json["root"] = new JsonObject(); // the shim fills in the volume it mounts the layers on
        spec.Hostname = options.Hostname;
        if (options.Mounts.Count > 0)
            spec.Mounts = [.. options.Mounts.Select(Bind)];
        foreach ((string key, string value) in options.Annotations)
            spec.SetAnnotation(key, value);
        var windows = new JsonObject { ["ignoreFlushesDuringBoot"] = true };
        JsonObject resources = Resources(options.Resources);
        if (resources.Count > 0)
            windows["resources"] = resources;
        windows["network"] = new JsonObject { ["allowUnqualifiedDNSQuery"] = true };
        spec.Json["windows"] = windows;
        return spec;
    }

    private static MountSpec Bind(MountSpec mount) => mount.Type == "bind"
        // hcsshim knows a bind mount by having no type, and of the options only ro.
        ? mount with { Type = null, Options = mount.ReadOnly ? ["ro"] : [] }
        : throw new InvalidArgumentException("Mount", $"A Windows container can have bind mounts only, not '{mount.Type}' at {mount.Destination}.");

    private static JsonObject Resources(LinuxResources wish)
    {
        wish.Validate();
        var known = new LinuxResources { Memory = wish.Memory, Cpu = wish.Cpu };
        if (known != wish)
            throw new InvalidArgumentException("Resources", "Of the limits a Windows container can be given Memory and Cpu only.");
        var resources = new JsonObject();
        if (wish.Memory is > 0)
            resources["memory"] = new JsonObject { ["limit"] = wish.Memory };
        if (wish.Cpu is > 0 and var cpu)
        {
            if (cpu != Math.Truncate(cpu))
                throw new InvalidArgumentException("Cpu", $"A Windows container can be given whole CPUs only, not {cpu}.");
            resources["cpu"] = new JsonObject { ["count"] = (long)cpu };
        }

        return resources;
    }

    private static void RefuseWhatIsLinuxOnly(SpecOptions options)
    {
        Refuse(options.Privileged, "Privileged");
        Refuse(options.CapAdd.Count > 0, "CapAdd");
        Refuse(options.CapDrop.Count > 0, "CapDrop");
        Refuse(options.Devices.Count > 0, "Devices");
        Refuse(options.Network == ContainerNetwork.Host, "Network");
        Refuse(options.CgroupsPath is not null, "CgroupsPath");
        Refuse(options.OpenFiles is not null, "OpenFiles");
        Refuse(options.ReadOnly, "ReadOnly");

        static void Refuse(bool asked, string option)
        {
            if (asked)
                throw new InvalidArgumentException(option, $"{option} is for Linux containers; this image is for Windows.");
        }
    }
}

using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>Applies a user's wishes to a spec that the user gave, and leaves everything else in it as it is.</summary>
internal static class SpecChanges
{
    /// <summary>Changes a spec by those wishes that are there.</summary>
    /// <param name="spec">The spec; it is changed.</param>
    /// <param name="wishes">The wishes; what they say of the image and of open files is not looked at.</param>
    /// <param name="network">The network; null to keep the spec's.</param>
    /// <param name="readFile">Gives a text file of the root file system by its absolute path, or null where there is none.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidArgumentException">A wish cannot be granted; it names the option.</exception>
    public static async ValueTask ApplyAsync(
        RuntimeSpec spec, SpecOptions wishes, ContainerNetwork? network, Func<string, CancellationToken, ValueTask<string?>> readFile, CancellationToken cancellationToken)
    {
        ChangeProcess(spec, wishes);
        if (wishes.User is { } user)
            Process(spec).User = await UserResolver.ResolveAsync(user, readFile, cancellationToken).ConfigureAwait(false);
        if (wishes.Hostname is { } hostname)
            spec.Hostname = hostname;
        if (wishes.ReadOnly)
            spec.RootReadOnly = true;
        foreach (var mount in wishes.Mounts)
            Mount(spec, mount);
        foreach (var (key, value) in wishes.Annotations)
            spec.SetAnnotation(key, value);
        if (!wishes.Resources.IsEmpty)
            wishes.Resources.MergeInto(spec);
        if (wishes.Privileged)
            LiftLimits(spec, wishes);
        if (network is { } wanted)
            ChangeNetwork(spec, wanted, wishes.HostNetworkFiles);
    }

    private static ProcessSpec Process(RuntimeSpec spec) => spec.Process
        ?? throw new InvalidArgumentException("Spec", "The spec has no process that could be changed.");

    private static void ChangeProcess(RuntimeSpec spec, SpecOptions wishes)
    {
        // A spec has no entrypoint: its arguments are the whole command.
        if (wishes.Entrypoint is not null || wishes.Command is not null)
            Process(spec).Args = ProcessArguments.For(wishes with { Image = null });
        if (wishes.Env.Count > 0)
            Process(spec).Env = EnvironmentList.Merge(Process(spec).Env, wishes.Env, ignoreCase: spec.IsWindows);
        if (wishes.WorkingDirectory is { } directory)
            Process(spec).Cwd = directory;
        if (wishes.Tty)
            Process(spec).Terminal = true;
        if (wishes.CapAdd.Count > 0 || wishes.CapDrop.Count > 0)
            Process(spec).Capabilities = Capability.Apply(Process(spec).Capabilities, wishes.CapAdd, wishes.CapDrop);
        if (!wishes.NoNewPrivileges)
            Process(spec).NoNewPrivileges = false;
    }

    private static void Mount(RuntimeSpec spec, MountSpec mount)
    {
        var mounts = OciJson.ArrayOrNew(spec.Json, "mounts");
        foreach (var old in OciJson.Objects(spec.Json, "mounts").Where(old => OciJson.Text(old, "destination") == mount.Destination).ToList())
            mounts.Remove(old);
        spec.AddMount(mount);
    }

    private static void LiftLimits(RuntimeSpec spec, SpecOptions wishes)
    {
        var process = Process(spec);
        process.Capabilities = Capability.Apply(Capability.All, wishes.CapAdd, wishes.CapDrop);
        process.NoNewPrivileges = false;
        var linux = OciJson.ObjectOrNew(spec.Json, "linux");
        linux.Remove("maskedPaths");
        linux.Remove("readonlyPaths");
        linux.Remove("seccomp");
        OciJson.ObjectOrNew(linux, "resources")["devices"] = new JsonArray(new JsonObject { ["allow"] = true, ["access"] = "rwm" });
        foreach (var mount in OciJson.Objects(spec.Json, "mounts").Where(mount => OciJson.Text(mount, "type") is "sysfs" or "cgroup"))
        {
            string[] options = [.. OciJson.Texts(mount, "options").Select(option => option == "ro" ? "rw" : option)];
            if (options.Length > 0)
                mount["options"] = OciJson.ArrayOf(options);
        }
    }

    private static void ChangeNetwork(RuntimeSpec spec, ContainerNetwork network, IReadOnlyDictionary<string, string> files)
    {
        if (network == ContainerNetwork.None)
        {
            spec.SetNamespace("network");
            return;
        }

        spec.RemoveNamespace("network");
        var mounted = spec.Mounts.Select(mount => mount.Destination).ToHashSet(StringComparer.Ordinal);
        foreach (var (path, source) in files.Where(file => !mounted.Contains(file.Key)))
            spec.AddMount(new MountSpec(path) { Type = "bind", Source = source, Options = ["rbind", "ro"] });
    }
}

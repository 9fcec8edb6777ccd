using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.Client.Snapshots;
using Containerd.Client.Wire;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Containers;

/// <summary>Makes the OCI spec of a new container: from its image and the user's wishes, or from a spec that the user gave.</summary>
internal sealed class ContainerSpec(ContainerdClient client, ContainerOptions options, ResolvedImage? image, string snapshotter, Any? runtimeOptions)
{
    /// <summary>Where containerd mounts a snapshot, as seen from the bundle that holds the spec.</summary>
    private const string SnapshotRoot = "rootfs";

    /// <summary>Makes it.</summary>
    /// <exception cref="InvalidArgumentException">A wish cannot be granted, or the spec has no root file system.</exception>
    public async Task<RuntimeSpec> MakeAsync(CancellationToken cancellationToken)
    {
        var view = new ImageView(client, image?.Content, snapshotter);
        await using (view.ConfigureAwait(false))
        {
            RuntimeSpec spec;
            if (options.Spec is null)
            {
                spec = await SpecGenerator.GenerateAsync(Wishes(), Files(view).ReadAsync, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                spec = options.Spec.Clone();
                await SpecChanges.ApplyAsync(spec, Wishes(), options.Network, Files(view).ReadAsync, cancellationToken).ConfigureAwait(false);
            }

            SetRoot(spec);
            return spec;
        }
    }

    private RootFiles Files(ImageView view) => options.RootFs is { } root
        ? client.Images.Files(null, [new Mount("bind", root, "", ["rbind", "ro"])])
        : client.Images.Files(image?.Content, view.MountsAsync);

    private SpecOptions Wishes()
    {
        var wishes = options.Process with
        {
            Namespace = client.Namespace,
            Id = options.Id,
            Image = image?.Config,
            Network = options.Network ?? ContainerNetwork.None,
            CgroupsPath = options.Process.CgroupsPath ?? SystemdCgroup(),
        };

        // Nodes and files of the daemon's host can be looked up only there.
        if (!client.Session.IsLocal || !OperatingSystem.IsLinux())
            return wishes;
        return wishes with
        {
            Daemon = DaemonProcess.Bounds(client.Session, client.Scope.Channel.Options.Address),
            HostNetworkFiles = options.Network == ContainerNetwork.Host ? DaemonHost.NetworkFiles() : wishes.HostNetworkFiles,
            Devices = wishes is { Privileged: true, Devices.Count: 0 } && options.Spec is null ? DaemonHost.Devices() : wishes.Devices,
        };
    }

    /// <summary>
    /// Where runc leaves cgroups to systemd it takes no path but slice:prefix:name, and makes the unit prefix-name.scope of it
    /// (runc, docs/systemd.md). Null for the usual path.
    /// </summary>
    private string? SystemdCgroup() => AnyMessage.TryUnpack<Wire.Runc.Options>(runtimeOptions, out var runc) && runc.SystemdCgroup
        ? $"system.slice:{client.Namespace}:{options.Id}"
        : null;

    private void SetRoot(RuntimeSpec spec)
    {
        if (options.RootFs is { } root)
            spec.RootPath = root;
        else if (image is not null)
            spec.RootPath ??= spec.IsWindows ? null : SnapshotRoot;
        else if (spec.RootPath is not ['/', ..] && !spec.IsWindows)
            throw new InvalidArgumentException("Spec", "The spec's root.path is no absolute path: give an image or a root file system to go with it, or an absolute path in it.");
    }
}

using Containerd.Client.Connection;
using Containerd.Client.Images;
using Containerd.Client.Namespaces;
using Containerd.Client.Snapshots;
using Containerd.Client.Wire;
using Record = Containerd.Client.Wire.Containers.Container;

namespace Containerd.Client.Containers;

/// <summary>A container that was just made, with what starting it needs, so that it need not be asked for again.</summary>
/// <param name="Record">Its record.</param>
/// <param name="Mounts">The mounts that show its root file system; none where it has no snapshot.</param>
internal sealed record MadeContainer(Record Record, IReadOnlyList<Mount> Mounts);

/// <summary>
/// Makes a container. containerd's own clients make the snapshot first and hold a lease against the garbage collection until the
/// record is there (trap T20). Here the record is made first: from then on it refers to its snapshot, which no collection can
/// take, so that two writes do what took four. The id is taken before anything is made, and whatever fails afterwards
/// leaves nothing.
/// </summary>
internal sealed class ContainerCreation(ContainerdClient client, ContainerOptions options)
{
    private static readonly TimeSpan s_cleanupTimeout = TimeSpan.FromSeconds(10);

    private readonly ContainerRecords _records = client.Containers.Records;

    /// <summary>Makes it.</summary>
    /// <returns>The record as the server made it, and the mounts that show its root file system; none where it has no snapshot.</returns>
    public async Task<MadeContainer> RunAsync(CancellationToken cancellationToken)
    {
        Check();
        var (image, defaults) = await SideBySide.RunAsync(ResolveAsync, DefaultsAsync, cancellationToken).ConfigureAwait(false);
        var windows = (options.Spec?.IsWindows ?? false) || image?.Config.Os == "windows";
        var runtime = options.Runtime ?? defaults.RuntimeFor(windows);
        var snapshotter = image is null ? "" : options.Snapshotter ?? defaults.SnapshotterFor(windows);
        var runtimeOptions = RuntimeOptionsMessage.Pack(runtime, options.RuntimeOptions);
        var spec = await new ContainerSpec(client, options, image, snapshotter, runtimeOptions).MakeAsync(cancellationToken).ConfigureAwait(false);
        var record = new Record
        {
            Id = options.Id,
            Image = image?.Name ?? "",
            Runtime = new Record.Types.Runtime { Name = runtime, Options = runtimeOptions },
            Spec = AnyMessage.PackJson(TypeUrls.Spec, spec.ToUtf8Bytes()),
            Snapshotter = snapshotter,
            SnapshotKey = image is null ? "" : options.Id,
        };
        foreach (var (key, value) in ContainerLabels.Of(image?.Config, options.Labels))
            record.Labels[key] = value;

        // Not cancelled itself: nobody could tell then whether a container of that id is ours to clean up.
        cancellationToken.ThrowIfCancellationRequested();
        var created = await _records.CreateAsync(record, CancellationToken.None).ConfigureAwait(false);
        if (image is null)
            return new(created, []);
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            var mounts = await client.Images.PrepareSnapshotAsync(image.Content, snapshotter, record.SnapshotKey, cancellationToken).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return new(created, mounts);
        }
        catch
        {
            await CleanUpAsync(created).ConfigureAwait(false);
            throw;
        }
    }

    private void Check()
    {
        Identifier.Check(options.Id, "container");
        ContainerLabels.Check(options.Labels.Select(label => KeyValuePair.Create(label.Key, (string?)label.Value)));
        if (options.Labels.FirstOrDefault(label => label.Value.Length == 0) is { Key: { } empty })
            throw new InvalidArgumentException("Label", $"The label '{empty}' has no value; containerd keeps no empty labels.");
        if (options.Image is not null && options.RootFs is not null)
            throw new InvalidArgumentException("RootFs", "A container has the root file system of an image or a directory, not both.");
        if (options.RootFs is { } root && !root.StartsWith('/'))
            throw new InvalidArgumentException("RootFs", $"'{root}' is no absolute path on the daemon's host.");
    }

    private async Task<ResolvedImage?> ResolveAsync(CancellationToken cancellationToken) => options.Image is { } name
        ? await client.Images.ResolveAsync(name, cancellationToken).ConfigureAwait(false)
        : null;

    private Task<NamespaceDefaults> DefaultsAsync(CancellationToken cancellationToken) =>
        options.Runtime is not null && (options.Snapshotter is not null || options.Image is null)
            ? Task.FromResult(new NamespaceDefaults(null, null))
            : NamespaceDefaults.ReadAsync(client, cancellationToken);

    /// <summary>Takes back what was made, whatever was cancelled.</summary>
    private async Task CleanUpAsync(Record created)
    {
        using var deadline = new CancellationTokenSource(s_cleanupTimeout);
        try
        {
            // A snapshot of that key that is older than the record is not ours: it was there before and made us fail.
            var snapshots = client.Snapshots(created.Snapshotter);
            var snapshot = await snapshots.StatAsync(created.SnapshotKey, deadline.Token).ConfigureAwait(false);
            if (snapshot.CreatedAt >= created.CreatedAt.ToDateTimeOffset())
                await snapshots.RemoveAsync(created.SnapshotKey, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // There is none, or it goes with the garbage collection that the deletion of its record sets off.
        }

        try
        {
            await _records.DeleteAsync(created.Id, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // The server went away: the error that is on its way says so, and the record can be removed later.
        }
    }
}

using System.Runtime.CompilerServices;
using Containerd.Client.Connection;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Snapshots;

/// <summary>One snapshotter of a server, such as overlayfs: file systems in layers.</summary>
public sealed class Snapshotter
{
    private readonly Session _session;
    private readonly CallScope _scope;

    internal Snapshotter(Session session, CallScope scope, string name) => (_session, _scope, Name) = (session, scope, name);

    /// <summary>The snapshotter's name.</summary>
    public string Name { get; }

    private Wire.Snapshots.Snapshots.SnapshotsClient Calls => new(_scope.Invoker);

    /// <summary>Makes an active snapshot, to be written to.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="parent">The name of the committed snapshot below it; empty for none.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="labels">Its labels.</param>
    /// <returns>The mounts that show it.</returns>
    /// <exception cref="AlreadyExistsException">The key is in use.</exception>
    /// <exception cref="NotFoundException">No such parent.</exception>
    public async Task<IReadOnlyList<Mount>> PrepareAsync(
        string key, string parent, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? labels = null)
    {
        var request = new Wire.Snapshots.PrepareSnapshotRequest { Snapshotter = Name, Key = key, Parent = parent };
        Copy(labels, request.Labels);
        var reply = await _scope.CallAsync(About("prepare", key), o => Calls.PrepareAsync(request, o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Mounts.Select(Mount.FromWire)];
    }

    /// <summary>Makes a view: a snapshot to be read only.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="parent">The name of the committed snapshot below it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="labels">Its labels.</param>
    /// <returns>The mounts that show it.</returns>
    /// <exception cref="AlreadyExistsException">The key is in use.</exception>
    /// <exception cref="NotFoundException">No such parent.</exception>
    public async Task<IReadOnlyList<Mount>> ViewAsync(
        string key, string parent, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? labels = null)
    {
        var request = new Wire.Snapshots.ViewSnapshotRequest { Snapshotter = Name, Key = key, Parent = parent };
        Copy(labels, request.Labels);
        var reply = await _scope.CallAsync(About("view", key), o => Calls.ViewAsync(request, o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Mounts.Select(Mount.FromWire)];
    }

    /// <summary>The mounts that show an active snapshot or a view.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The mounts.</returns>
    /// <exception cref="NotFoundException">No such snapshot.</exception>
    public async Task<IReadOnlyList<Mount>> MountsAsync(string key, CancellationToken cancellationToken)
    {
        var request = new Wire.Snapshots.MountsRequest { Snapshotter = Name, Key = key };
        var reply = await _scope.CallAsync(About("get the mounts of", key), o => Calls.MountsAsync(request, o), cancellationToken)
            .ConfigureAwait(false);
        return [.. reply.Mounts.Select(Mount.FromWire)];
    }

    /// <summary>Makes an active snapshot a committed one, under a new name.</summary>
    /// <param name="name">The name of the committed snapshot; a layer's is its chain id.</param>
    /// <param name="key">The key of the active one, which ends with this.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="labels">The labels of the committed one.</param>
    /// <returns>Completes when it is committed.</returns>
    /// <exception cref="AlreadyExistsException">The name is in use.</exception>
    /// <exception cref="NotFoundException">No such active snapshot.</exception>
    public Task CommitAsync(string name, string key, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? labels = null)
    {
        var request = new Wire.Snapshots.CommitSnapshotRequest { Snapshotter = Name, Name = name, Key = key };
        Copy(labels, request.Labels);

        // Committing may measure the whole layer on disk.
        return _scope.CallAsync(About("commit", key), o => Calls.CommitAsync(request, o), cancellationToken, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Removes a snapshot.</summary>
    /// <param name="key">Its key or name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when it is gone.</returns>
    /// <exception cref="NotFoundException">No such snapshot.</exception>
    /// <exception cref="FailedPreconditionException">Others build on it.</exception>
    public Task RemoveAsync(string key, CancellationToken cancellationToken)
    {
        var request = new Wire.Snapshots.RemoveSnapshotRequest { Snapshotter = Name, Key = key };
        return _scope.CallAsync(About("remove", key), o => Calls.RemoveAsync(request, o), cancellationToken);
    }

    /// <summary>A snapshot by its key or name.</summary>
    /// <param name="key">The key or name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The snapshot.</returns>
    /// <exception cref="NotFoundException">No such snapshot.</exception>
    public async Task<Snapshot> StatAsync(string key, CancellationToken cancellationToken)
    {
        var request = new Wire.Snapshots.StatSnapshotRequest { Snapshotter = Name, Key = key };
        var reply = await _scope.CallAsync(About("look up", key), o => Calls.StatAsync(request, o), cancellationToken).ConfigureAwait(false);
        return Describe(reply.Info);
    }

    /// <summary>Whether there is a snapshot of that key or name.</summary>
    /// <param name="key">The key or name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>True when there is.</returns>
    public async Task<bool> ExistsAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            await StatAsync(key, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (NotFoundException)
        {
            return false;
        }
    }

    /// <summary>What a snapshot takes on disk, without those below it.</summary>
    /// <param name="key">Its key or name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Bytes and inodes.</returns>
    /// <exception cref="NotFoundException">No such snapshot.</exception>
    public async Task<SnapshotUsage> UsageAsync(string key, CancellationToken cancellationToken)
    {
        var request = new Wire.Snapshots.UsageRequest { Snapshotter = Name, Key = key };
        var reply = await _scope.CallAsync(
            About("measure", key), o => Calls.UsageAsync(request, o), cancellationToken, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
        return new SnapshotUsage(reply.Size, reply.Inodes);
    }

    /// <summary>The snapshots of the namespace.</summary>
    /// <param name="filters">containerd filters, any of which may match, such as parent==sha256:…; none for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The snapshots, in the server's order.</returns>
    public async IAsyncEnumerable<Snapshot> ListAsync(
        IEnumerable<string> filters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new Wire.Snapshots.ListSnapshotsRequest { Snapshotter = Name, Filters = { filters } };
        var replies = _scope.StreamAsync(
            new Attempt($"list the snapshots of {Name}", ResourceKind.Snapshot, ""), o => Calls.List(request, o), cancellationToken);
        await foreach (var reply in replies.ConfigureAwait(false))
        {
            foreach (var info in reply.Info)
                yield return Describe(info);
        }
    }

    /// <summary>Sets labels of a snapshot and leaves its other labels alone (trap T21).</summary>
    /// <param name="key">Its key or name.</param>
    /// <param name="labels">The labels to set; an empty value removes one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The snapshot with all its labels.</returns>
    /// <exception cref="NotFoundException">No such snapshot.</exception>
    public async Task<Snapshot> UpdateLabelsAsync(string key, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new Wire.Snapshots.UpdateSnapshotRequest
        {
            Snapshotter = Name,
            Info = new Wire.Snapshots.Info { Name = key },
            UpdateMask = new FieldMask { Paths = { labels.Keys.Select(label => "labels." + label) } },
        };
        Copy(labels, request.Info.Labels);
        var reply = await _scope.CallAsync(About("label", key), o => Calls.UpdateAsync(request, o), cancellationToken).ConfigureAwait(false);
        return Describe(reply.Info);
    }

    private static void Copy(IReadOnlyDictionary<string, string>? from, MapField<string, string> to)
    {
        foreach (var (key, value) in from ?? new Dictionary<string, string>())
            to.Add(key, value);
    }

    private Attempt About(string verb, string key) => new($"{verb} {Name} snapshot '{key}'", ResourceKind.Snapshot, key);

    private Snapshot Describe(Wire.Snapshots.Info info) => new()
    {
        Session = _session,
        Namespace = _scope.Namespace,
        Key = info.Name,
        Snapshotter = Name,
        Parent = info.Parent,
        Kind = (SnapshotKind)(int)info.Kind,
        CreatedAt = info.CreatedAt.ToDateTimeOffset(),
        UpdatedAt = info.UpdatedAt.ToDateTimeOffset(),
        Labels = new Dictionary<string, string>(info.Labels),
    };
}

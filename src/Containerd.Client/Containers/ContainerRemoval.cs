using System.Globalization;
using Record = Containerd.Client.Wire.Containers.Container;

namespace Containerd.Client.Containers;

/// <summary>
/// Removes a container in the order that leaves nothing: processes, task, snapshot, record. What is gone already counts as
/// done, so that a removal that failed half-way can be done again. Once begun it is not cancelled between its steps: each has
/// a deadline of its own.
/// </summary>
internal sealed class ContainerRemoval(ContainerdClient client, string id)
{
    private const string RootLabel = "containerd.io/gc.root";

    // containerd is done within two or three seconds when a shim has died.
    private static readonly TimeSpan s_cleanupTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_cleanupPoll = TimeSpan.FromMilliseconds(50);

    /// <summary>Removes it.</summary>
    /// <param name="record">Its record.</param>
    /// <param name="container">What was known of it and its task, which the server would let run on without a record (trap T1).</param>
    /// <param name="options">How.</param>
    public async Task RunAsync(Record record, Container container, RemovalOptions options)
    {
        if (container.State != TaskState.None)
            await RemoveTaskAsync(container, options.Force).ConfigureAwait(false);
        if (record.SnapshotKey.Length > 0 && record.Snapshotter.Length > 0)
            await Ignoring(options.KeepSnapshot ? KeepSnapshotAsync(record) : RemoveSnapshotAsync(record)).ConfigureAwait(false);
        await Ignoring(client.Containers.Records.DeleteAsync(id, CancellationToken.None)).ConfigureAwait(false);
        client.Logs.Remove(id);
    }

    private async Task RemoveTaskAsync(Container container, bool force)
    {
        if (container.State != TaskState.Stopped && !force)
        {
            throw new FailedPreconditionException(
                $"Cannot remove container '{id}': it is {container.State.ToString().ToLowerInvariant()}{(container.Pid is { } pid ? $" (process {pid})" : "")}. Stop it first, or remove it by force.");
        }

        try
        {
            await client.Tasks.DeleteAsync(id, force, CancellationToken.None).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // Whoever is attached to it deleted it at its exit.
        }
        catch (ShimGoneException)
        {
            await UntilCleanedUpAsync().ConfigureAwait(false);
        }
    }

    /// <summary>After a shim died containerd takes a few seconds to clean up after it, and deletes the task itself (trap T18).</summary>
    private async Task UntilCleanedUpAsync()
    {
        var deadline = Environment.TickCount64 + (long)s_cleanupTimeout.TotalMilliseconds;
        var states = new TaskStates(client.Scope);
        while (await states.FindAsync(id, CancellationToken.None).ConfigureAwait(false) is not null)
        {
            if (Environment.TickCount64 > deadline)
                throw new TimeoutException($"Cannot remove container '{id}': its shim is gone, and containerd has not cleaned up after it within {s_cleanupTimeout.TotalSeconds} s.");
            await Task.Delay(s_cleanupPoll).ConfigureAwait(false);
        }
    }

    private Task RemoveSnapshotAsync(Record record) => client.Snapshots(record.Snapshotter).RemoveAsync(record.SnapshotKey, CancellationToken.None);

    private Task KeepSnapshotAsync(Record record)
    {
        // The value does not matter: the label alone makes it a root of the garbage collection. Its users write the time.
        var now = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return client.Snapshots(record.Snapshotter).UpdateLabelsAsync(
            record.SnapshotKey, new Dictionary<string, string> { [RootLabel] = now }, CancellationToken.None);
    }

    private static async Task Ignoring(Task step)
    {
        try
        {
            await step.ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // Done already.
        }
    }
}

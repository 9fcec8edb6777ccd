using Containerd.Client.Tasks;

namespace Containerd.Client.Containers;

/// <summary>
/// A container for one command: made, run to its end with the caller at its streams, and removed whatever happens. What is
/// removed is only what was made here.
/// </summary>
internal sealed class ContainerRun(ContainerdClient client, ContainerOptions options)
{
    public async Task<ProcessOutcome> RunAsync(ProcessStreams streams, Action<string> step, CancellationToken cancellationToken)
    {
        var (record, mounts) = await client.Containers.MakeAsync(options, cancellationToken).ConfigureAwait(false);
        step($"Container '{record.Id}' is made.");
        ProcessOutcome outcome;
        try
        {
            outcome = await client.Tasks.RunAsync(record, mounts, streams, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Whatever state it was left in; each step of the removal has a deadline of its own.
            await client.Containers.RemoveAsync(record.Id, new RemovalOptions { Force = true }, CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // Its task is deleted: nothing holds the snapshot and the record any more, and neither has to wait for the other.
        await Task.WhenAll(RemoveSnapshotAsync(record), IgnoringMissing(client.Containers.Records.DeleteAsync(record.Id, CancellationToken.None)))
            .ConfigureAwait(false);
        step($"Container '{record.Id}' is removed.");
        return outcome;
    }

    private Task RemoveSnapshotAsync(Wire.Containers.Container record) => record.SnapshotKey.Length == 0
        ? Task.CompletedTask
        : IgnoringMissing(client.Snapshots(record.Snapshotter).RemoveAsync(record.SnapshotKey, CancellationToken.None));

    private static async Task IgnoringMissing(Task removal)
    {
        try
        {
            await removal.ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // Somebody was quicker.
        }
    }
}

using System.Globalization;
using Containerd.Client.Connection;
using Containerd.Client.Io;
using Record = Containerd.Client.Wire.Containers.Container;
using TasksClient = Containerd.Client.Wire.Tasks.Tasks.TasksClient;
using WireTask = Containerd.Client.Wire.Types.Process;

namespace Containerd.Client.Containers;

/// <summary>
/// Removes a container in the order that leaves nothing: processes, task, snapshot, record. What is gone already counts as
/// done, so that a removal that failed half-way can be done again. Once begun it is not cancelled between its steps: each has
/// a deadline of its own.
/// </summary>
internal sealed class ContainerRemoval(ContainerdClient client, string id)
{
    private const uint SigKill = 9;
    private const string RootLabel = "containerd.io/gc.root";

    // A killed process is gone at once, unless the kernel holds it (a hung NFS server): no longer wait helps then.
    private static readonly TimeSpan s_exitTimeout = TimeSpan.FromSeconds(10);

    // The shim may wait for output that nobody reads before it deletes: ten seconds on containerd 2.1 (trap T9).
    private static readonly TimeSpan s_deleteTimeout = TimeSpan.FromSeconds(30);

    private readonly TasksClient _tasks = new(client.Scope.Invoker);

    /// <summary>Removes it.</summary>
    /// <param name="record">Its record.</param>
    /// <param name="task">Its task, which the server would let run on without a record (trap T1); null where there is none.</param>
    /// <param name="options">How.</param>
    public async Task RunAsync(Record record, WireTask? task, RemovalOptions options)
    {
        if (task is not null)
            await RemoveTaskAsync(task, options.Force).ConfigureAwait(false);
        if (record.SnapshotKey.Length > 0 && record.Snapshotter.Length > 0)
        {
            if (options.KeepSnapshot)
                await KeepSnapshotAsync(record).ConfigureAwait(false);
            else
                await RemoveSnapshotAsync(record).ConfigureAwait(false);
        }

        await Ignoring(client.Containers.Records.DeleteAsync(id, CancellationToken.None)).ConfigureAwait(false);
    }

    private async Task RemoveTaskAsync(WireTask task, bool force)
    {
        var state = TaskStates.StateOf(task);
        if (state != TaskState.Stopped)
        {
            if (!force)
            {
                throw new FailedPreconditionException(
                    $"Cannot remove container '{id}': it is {state.ToString().ToLowerInvariant()}{(task.Pid > 0 ? $" (process {task.Pid})" : "")}. Stop it first, or remove it with force.");
            }

            await KillAsync().ConfigureAwait(false);
        }

        try
        {
            await CallAsync($"delete the task of container '{id}'", o => _tasks.DeleteAsync(new Wire.Tasks.DeleteTaskRequest { ContainerId = id }, o), s_deleteTimeout)
                .ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // Whoever is attached to it deleted it at its exit.
        }
        catch (ShimGoneException)
        {
            await UntilCleanedUpAsync().ConfigureAwait(false);
        }

        if (client.Session.IsLocal)
            FifoDirectory.DeleteLeftOver(new StdioPaths(task.Stdin, task.Stdout, task.Stderr, task.Terminal));
    }

    /// <summary>Kills all processes of the task and waits until the first one is gone.</summary>
    private async Task KillAsync()
    {
        using var enough = new CancellationTokenSource();

        // Asked for before the kill, so that the exit cannot be missed.
        var exit = client.Scope.CallAsync(
            new Attempt($"wait for the exit of container '{id}'", ResourceKind.Task, id),
            o => _tasks.WaitAsync(new Wire.Tasks.WaitRequest { ContainerId = id }, o),
            enough.Token,
            s_exitTimeout);
        try
        {
            await CallAsync(
                $"kill container '{id}'",
                o => _tasks.KillAsync(new Wire.Tasks.KillRequest { ContainerId = id, Signal = SigKill, All = true }, o),
                s_exitTimeout).ConfigureAwait(false);
            await exit.ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or ShimGoneException or FailedPreconditionException)
        {
            // Gone by itself in this moment, or only set up and not started: the deletion ends that, too.
        }
        finally
        {
            await enough.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(exit).ConfigureAwait(false);
            _ = exit.Exception;
        }
    }

    /// <summary>After a shim died containerd takes a few seconds to clean up after it, and deletes the task itself (trap T18).</summary>
    private async Task UntilCleanedUpAsync()
    {
        var deadline = Environment.TickCount64 + (long)s_exitTimeout.TotalMilliseconds;
        var states = new TaskStates(client.Scope);
        while (await states.FindAsync(id, CancellationToken.None).ConfigureAwait(false) is not null)
        {
            if (Environment.TickCount64 > deadline)
                throw new TimeoutException($"Cannot remove container '{id}': its shim is gone, and containerd did not clean up after it within {s_exitTimeout.TotalSeconds} s.");
            await Task.Delay(50).ConfigureAwait(false);
        }
    }

    private Task RemoveSnapshotAsync(Record record) =>
        Ignoring(client.Snapshots(record.Snapshotter).RemoveAsync(record.SnapshotKey, CancellationToken.None));

    private Task KeepSnapshotAsync(Record record)
    {
        // The value does not matter: the label alone makes it a root of the garbage collection. Its users write the time.
        var now = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return Ignoring(client.Snapshots(record.Snapshotter).UpdateLabelsAsync(
            record.SnapshotKey, new Dictionary<string, string> { [RootLabel] = now }, CancellationToken.None));
    }

    private Task<T> CallAsync<T>(string action, Func<Grpc.Core.CallOptions, Grpc.Core.AsyncUnaryCall<T>> call, TimeSpan timeout) =>
        client.Scope.CallAsync(new Attempt(action, ResourceKind.Task, id), call, CancellationToken.None, timeout);

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

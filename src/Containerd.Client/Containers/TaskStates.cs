using Containerd.Client.Connection;
using Containerd.Client.Tasks;
using TasksClient = Containerd.Client.Wire.Tasks.Tasks.TasksClient;
using WireTask = Containerd.Client.Wire.Types.Process;

namespace Containerd.Client.Containers;

/// <summary>
/// The states of the tasks of containers, for showing them beside the containers. One call gives them all. A shim that does
/// not answer costs the server two seconds each and must not keep a list from being shown (trap T19): after a deadline the
/// tasks are asked one by one, side by side, and those that still do not answer are <see cref="TaskState.Unknown"/>.
/// </summary>
internal sealed class TaskStates(CallScope scope)
{
    private const int AtOnce = 64;

    // Two hung shims are waited for in the one call; the server gives up on each after two seconds by itself.
    private static readonly TimeSpan s_listTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_oneTimeout = TimeSpan.FromSeconds(3);

    private readonly TasksClient _client = new(scope.Invoker);

    /// <summary>The task of one container; null where it has none.</summary>
    /// <returns>The task, or one whose status is unknown where its shim does not answer.</returns>
    public async Task<WireTask?> FindAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            var reply = await scope.CallAsync(
                new Attempt($"look for the task of container '{id}'", ResourceKind.Task, id),
                o => _client.GetAsync(new Wire.Tasks.GetRequest { ContainerId = id }, o),
                cancellationToken,
                s_oneTimeout).ConfigureAwait(false);
            return reply.Process;
        }
        catch (NotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is TimeoutException or ShimGoneException)
        {
            return new WireTask { Id = id, Status = Wire.Types.Status.Unknown };
        }
    }

    /// <summary>All tasks of the namespace by container id; null where the server did not answer in time.</summary>
    public async Task<IReadOnlyDictionary<string, WireTask>?> ListAsync(CancellationToken cancellationToken)
    {
        // The deadline is kept here and not told to the server: at its end the server would call all tasks unknown that it had not come to.
        using var patience = new Patience(s_listTimeout, cancellationToken);
        try
        {
            var reply = await scope.CallAsync(
                new Attempt("list tasks", ResourceKind.Task, ""),
                o => _client.ListAsync(new Wire.Tasks.ListTasksRequest(), o),
                patience.Token,
                Timeout.InfiniteTimeSpan).ConfigureAwait(false);

            // The server fills in the id only, never the container's (facts 1.4).
            var tasks = new Dictionary<string, WireTask>(reply.Tasks.Count, StringComparer.Ordinal);
            foreach (var task in reply.Tasks)
                tasks[task.Id] = task;
            return tasks;
        }
        catch (OperationCanceledException) when (patience.IsOver)
        {
            return null;
        }
    }

    /// <summary>The tasks of these containers, each asked for by itself: for when the list of all does not come.</summary>
    public async Task<IReadOnlyDictionary<string, WireTask>> FindEachAsync(IEnumerable<string> ids, CancellationToken cancellationToken)
    {
        using var room = new SemaphoreSlim(AtOnce);
        var found = await Task.WhenAll(ids.Select(FindOneAsync)).ConfigureAwait(false);
        return found.OfType<WireTask>().ToDictionary(task => task.Id, StringComparer.Ordinal);

        async Task<WireTask?> FindOneAsync(string id)
        {
            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await FindAsync(id, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                room.Release();
            }
        }
    }

    /// <summary>The state in the model's words.</summary>
    public static TaskState StateOf(WireTask? task) => task?.Status switch
    {
        null => TaskState.None,
        Wire.Types.Status.Created => TaskState.Created,
        Wire.Types.Status.Running => TaskState.Running,
        Wire.Types.Status.Stopped => TaskState.Stopped,
        Wire.Types.Status.Paused => TaskState.Paused,
        Wire.Types.Status.Pausing => TaskState.Pausing,
        _ => TaskState.Unknown,
    };
}

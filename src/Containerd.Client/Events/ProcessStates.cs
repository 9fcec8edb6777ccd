using Containerd.Client.Connection;
using Containerd.Client.Wire;

namespace Containerd.Client.Events;

/// <summary>Asks a server for the states of its processes, for what a subscription may have missed.</summary>
internal sealed class ProcessStates(CallScope scope, bool allNamespaces)
{
    /// <summary>The namespaces whose events the subscription is about.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Their names.</returns>
    public async Task<IReadOnlyCollection<string>> NamespacesAsync(CancellationToken cancellationToken)
    {
        if (!allNamespaces)
            return [scope.Namespace];
        var namespaces = new Wire.Namespaces.Namespaces.NamespacesClient(scope.Invoker);
        var reply = await scope.CallAsync(
            new Attempt("list the namespaces", ResourceKind.Namespace, ""),
            o => namespaces.ListAsync(new Wire.Namespaces.ListNamespacesRequest(), o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Namespaces.Select(n => n.Name)];
    }

    /// <summary>The tasks of a namespace. One hung shim costs the server two seconds (trap T19).</summary>
    /// <param name="name">The namespace.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The init processes.</returns>
    public async Task<IReadOnlyList<ProcessStatus>> TasksAsync(string name, CancellationToken cancellationToken)
    {
        var there = In(name);
        var tasks = new Wire.Tasks.Tasks.TasksClient(there.Invoker);
        var reply = await there.CallAsync(
            new Attempt($"list the tasks of namespace '{name}'", ResourceKind.Task, ""),
            o => tasks.ListAsync(new Wire.Tasks.ListTasksRequest(), o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Tasks.Select(p => Status(new ProcessKey(name, p.Id, null), p))];
    }

    /// <summary>The state of an exec process.</summary>
    /// <param name="key">The process.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its state; null where the server does not know it (any more).</returns>
    public async Task<ProcessStatus?> ExecAsync(ProcessKey key, CancellationToken cancellationToken)
    {
        var there = In(key.Namespace);
        var tasks = new Wire.Tasks.Tasks.TasksClient(there.Invoker);
        var request = new Wire.Tasks.GetRequest { ContainerId = key.ContainerId, ExecId = key.ExecId };
        try
        {
            var reply = await there.CallAsync(
                new Attempt($"get the state of process '{key.ExecId}' of container '{key.ContainerId}'", ResourceKind.Exec, key.ExecId!),
                o => tasks.GetAsync(request, o), cancellationToken).ConfigureAwait(false);
            return Status(key, reply.Process);
        }
        catch (ContainerdException e) when (e is NotFoundException or ShimGoneException)
        {
            return null;
        }
    }

    private CallScope In(string name) => name == scope.Namespace ? scope : new CallScope(scope.Channel, name);

    private static ProcessStatus Status(ProcessKey key, Wire.Types.Process p)
    {
        var state = Containers.TaskStates.StateOf(p);
        var exit = state == TaskState.Stopped ? Tasks.ExitStatus.From(p.ExitStatus, p.ExitedAt.ToTime()) : default;
        return new ProcessStatus(key, (int)p.Pid, state, exit);
    }
}

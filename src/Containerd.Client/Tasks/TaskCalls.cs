using Containerd.Client.Connection;
using Containerd.Client.Wire.Tasks;
using Grpc.Core;

namespace Containerd.Client.Tasks;

/// <summary>
/// The calls of containerd's tasks service on one namespace. Where the server only says "not found", the error says which is
/// missing: the container, its task, or the exec process.
/// </summary>
internal sealed class TaskCalls
{
    private readonly Wire.Containers.Containers.ContainersClient _containers;

    public TaskCalls(CallScope scope)
    {
        Scope = scope;
        Service = new(scope.Invoker);
        _containers = new(scope.Invoker);
    }

    public CallScope Scope { get; }

    public Wire.Tasks.Tasks.TasksClient Service { get; }

    /// <summary>One call about a task or an exec process.</summary>
    /// <param name="action">The attempt as an infinitive.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="execId">The exec process's id; empty for the init process.</param>
    /// <param name="call">The call of the generated client.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">Its deadline; the connection's call timeout by default.</param>
    public async Task<T> CallAsync<T>(
        string action, string id, string execId, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        try
        {
            return await Scope.CallAsync(About(action, id, execId), call, cancellationToken, timeout).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (e.Kind is ResourceKind.Task or ResourceKind.Exec)
        {
            throw await SayWhatIsMissingAsync(e, id, execId, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The container's record.</summary>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    public async Task<Wire.Containers.Container> GetContainerAsync(string id, CancellationToken cancellationToken)
    {
        var request = new Wire.Containers.GetContainerRequest { Id = id };
        var reply = await Scope.CallAsync(
            new Attempt($"read container '{id}'", ResourceKind.Container, id), o => _containers.GetAsync(request, o), cancellationToken).ConfigureAwait(false);
        return reply.Container;
    }

    public async Task<Wire.Types.Process> GetAsync(string id, string execId, CancellationToken cancellationToken)
    {
        var request = new GetRequest { ContainerId = id, ExecId = execId };
        var reply = await CallAsync("read the state of", id, execId, o => Service.GetAsync(request, o), cancellationToken).ConfigureAwait(false);
        return reply.Process;
    }

    public Task KillAsync(string id, string execId, int signal, bool all, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        var request = new KillRequest { ContainerId = id, ExecId = execId, Signal = (uint)signal, All = all };
        return CallAsync($"send {Oci.Signal.Name(signal)} to", id, execId, o => Service.KillAsync(request, o), cancellationToken, timeout);
    }

    private static Attempt About(string action, string id, string execId) => execId.Length == 0
        ? new Attempt($"{action} the task of container '{id}'", ResourceKind.Task, id)
        : new Attempt($"{action} exec process '{execId}' of container '{id}'", ResourceKind.Exec, execId);

    private async Task<Exception> SayWhatIsMissingAsync(NotFoundException missing, string id, string execId, CancellationToken cancellationToken)
    {
        try
        {
            if (execId.Length > 0)
            {
                var task = await GetAsync(id, "", cancellationToken).ConfigureAwait(false);
                return task.Status == Wire.Types.Status.Stopped
                    ? new NotFoundException(ResourceKind.Task, id, $"Container '{id}' is not running: its process has ended.", missing)
                    : new NotFoundException(
                        ResourceKind.Exec, execId, $"Container '{id}' has no exec process '{execId}', or it has ended.", missing.InnerException);
            }

            await GetContainerAsync(id, cancellationToken).ConfigureAwait(false);
            return missing.InnerException is RpcException { Status.Detail: var detail } && detail.Contains("already finished", StringComparison.Ordinal)
                ? new NotFoundException(ResourceKind.Task, id, $"Container '{id}' is not running: its process has ended.", missing.InnerException)
                : missing;
        }
        catch (NotFoundException e)
        {
            return e;
        }
    }
}

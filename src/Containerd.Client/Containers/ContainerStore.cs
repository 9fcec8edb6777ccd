using System.Collections.ObjectModel;
using Containerd.Client.Connection;
using Containerd.Client.Tasks;
using Containerd.Client.Wire;
using Record = Containerd.Client.Wire.Containers.Container;
using WireTask = Containerd.Client.Wire.Types.Process;

namespace Containerd.Client.Containers;

/// <summary>The containers of a namespace: reading them with the state of their tasks, making, changing and removing them.</summary>
public sealed class ContainerStore
{
    private readonly ContainerdClient _client;
    private readonly TaskStates _tasks;

    internal ContainerStore(ContainerdClient client)
    {
        _client = client;
        _tasks = new TaskStates(client.Scope);
        Records = new ContainerRecords(client.Scope);
    }

    /// <summary>The records as they are on the wire, for those who need more of them than the model shows.</summary>
    internal ContainerRecords Records { get; }

    /// <summary>A container with the state of its task.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The container.</returns>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    public async Task<Container> GetAsync(string id, CancellationToken cancellationToken)
    {
        if (!Identifier.IsValid(id))
            throw new NotFoundException(ResourceKind.Container, id);
        var (record, task) = await SideBySide.RunAsync(
            token => Records.GetAsync(id, token), token => _tasks.FindAsync(id, token), cancellationToken).ConfigureAwait(false);
        return ToModel(record, task);
    }

    /// <summary>The containers with the states of their tasks: two calls whatever their number.</summary>
    /// <param name="filters">containerd filters of which one must match (see <see cref="FilterSyntax"/>); none for all.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The containers, in the order of their ids.</returns>
    public async Task<IReadOnlyList<Container>> ListAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var (records, tasks) = await SideBySide.RunAsync(
            token => Records.ListAsync(filters, token), token => _tasks.ListAsync(token), cancellationToken).ConfigureAwait(false);
        tasks ??= await _tasks.FindEachAsync(records.Select(record => record.Id), cancellationToken).ConfigureAwait(false);
        var containers = new Container[records.Count];
        for (var i = 0; i < containers.Length; i++)
            containers[i] = ToModel(records[i], tasks.GetValueOrDefault(records[i].Id));
        return containers;
    }

    /// <summary>Makes a container; it runs nothing yet.</summary>
    /// <param name="options">What it is made of.</param>
    /// <param name="cancellationToken">Ends the making; what was made until then is taken back.</param>
    /// <returns>The container.</returns>
    /// <exception cref="InvalidArgumentException">The id or a wish is not one that can be had; it names the parameter.</exception>
    /// <exception cref="NotFoundException">There is no such image.</exception>
    /// <exception cref="AlreadyExistsException">The id is in use, or there is a snapshot of that key.</exception>
    public async Task<Container> CreateAsync(ContainerOptions options, CancellationToken cancellationToken) =>
        ToModel((await MakeAsync(options, cancellationToken).ConfigureAwait(false)).Record, null);

    /// <summary><see cref="CreateAsync"/> for those who start it at once: they get what they need for that with it.</summary>
    internal Task<MadeContainer> MakeAsync(ContainerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new ContainerCreation(_client, options).RunAsync(cancellationToken);
    }

    /// <summary>
    /// Makes a container, runs its process to the end with the caller at its streams, and removes it whatever happens.
    /// Cancelled, it kills the process.
    /// </summary>
    /// <param name="options">What of.</param>
    /// <param name="streams">What feeds and takes the process's streams.</param>
    /// <param name="step">Hears of every step, in words.</param>
    /// <param name="cancellationToken">Kills the process.</param>
    /// <returns>How the process ended. All of its output is with the sinks.</returns>
    /// <exception cref="AlreadyExistsException">The id is in use.</exception>
    /// <exception cref="NotFoundException">There is no such image, or it has no such program.</exception>
    /// <exception cref="FailedPreconditionException">The server is not on this machine.</exception>
    public Task<Tasks.ProcessOutcome> RunAsync(
        ContainerOptions options, Tasks.ProcessStreams streams, Action<string> step, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(streams);
        return new ContainerRun(_client, options).RunAsync(streams, step, cancellationToken);
    }

    /// <summary>Changes labels and leaves all others as they are.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="changes">The labels to set; a value of null or the empty text removes the label, for containerd keeps no empty one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The container after the change.</returns>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    /// <exception cref="InvalidArgumentException">A label is too long or has no key.</exception>
    public async Task<Container> SetLabelsAsync(string id, IReadOnlyDictionary<string, string?> changes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ContainerLabels.Check(changes);
        if (changes.Count == 0)
            return await GetAsync(id, cancellationToken).ConfigureAwait(false);
        var change = new Record { Id = id };
        foreach (var (key, value) in changes)
            change.Labels[key] = value ?? "";
        var (record, task) = await SideBySide.RunAsync(
            token => Records.UpdateAsync(change, changes.Keys.Select(key => "labels." + key), token),
            token => _tasks.FindAsync(id, token),
            cancellationToken).ConfigureAwait(false);
        return ToModel(record, task);
    }

    /// <summary>
    /// Removes a container: its processes where that is wanted, its task, its snapshot, its record. A container whose process
    /// has ended is removed with its task; one that is in use only by force.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">How.</param>
    /// <param name="cancellationToken">Ends the removal before it begins; once begun each step has its own deadline.</param>
    /// <returns>The container as it was.</returns>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    /// <exception cref="FailedPreconditionException">It is in use, or another client's, and not to be removed by force.</exception>
    /// <exception cref="TimeoutException">A process cannot be killed, or its shim does not answer.</exception>
    public async Task<Container> RemoveAsync(string id, RemovalOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!Identifier.IsValid(id))
            throw new NotFoundException(ResourceKind.Container, id);
        var (record, task) = await SideBySide.RunAsync(
            token => Records.GetAsync(id, token), token => _tasks.FindAsync(id, token), cancellationToken).ConfigureAwait(false);
        var container = ToModel(record, task);
        if (container.Owner is { } owner && !options.Force)
        {
            throw new FailedPreconditionException(
                $"Cannot remove container '{id}': it belongs to {owner}, whose own state about it would stay behind. Remove it with {owner}'s tools, or by force.");
        }

        await new ContainerRemoval(_client, id).RunAsync(record, container, options).ConfigureAwait(false);
        return container;
    }

    /// <summary>A record and a task in the model's words.</summary>
    internal Container ToModel(Record record, WireTask? task)
    {
        var state = TaskStates.StateOf(task);
        var exit = state == TaskState.Stopped ? ExitStatus.From(task!.ExitStatus, task.ExitedAt.ToTime()) : default;
        return new Container
        {
            Session = _client.Session,
            Namespace = _client.Namespace,
            Id = record.Id,
            State = state,
            Pid = task is { Pid: > 0 } && state != TaskState.Stopped ? (int)task.Pid : null,
            ExitCode = exit.Code,
            ExitedAt = exit.ExitedAt,
            Image = record.Image,
            Labels = record.Labels.Count > 0 ? new Dictionary<string, string>(record.Labels) : ReadOnlyDictionary<string, string>.Empty,
            Runtime = record.Runtime?.Name ?? "",
            Snapshotter = record.Snapshotter,
            SnapshotKey = record.SnapshotKey,
            Sandbox = record.Sandbox.Length > 0 ? record.Sandbox : null,
            CreatedAt = record.CreatedAt.ToTime() ?? default,
            UpdatedAt = record.UpdatedAt.ToTime() ?? default,
            StoredSpec = record.Spec is { Value.Length: > 0 } spec ? new StoredSpec(spec.Value.Memory) : null,
        };
    }
}

using Containerd.Client.Io;
using Containerd.Client.Oci;
using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Tasks;

/// <summary>Creates, starts and deletes the task of one container: the calls about its init process.</summary>
internal sealed class TaskCreation : IAttachable
{
    private const string RuncRuntime = "io.containerd.runc.";

    private static readonly TimeSpan s_killTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_deleteTimeout = TimeSpan.FromSeconds(30);

    // After the death of a shim the daemon takes seconds to clean up, and until then says that the task exists (trap T18).
    private static readonly TimeSpan s_cleanUpTimeout = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_cleanUpInterval = TimeSpan.FromMilliseconds(100);

    private readonly TaskCalls _calls;
    private readonly CreateTaskRequest _request;
    private readonly IReadOnlyList<string> _command;
    private readonly Action<string> _step;

    private TaskCreation(TaskCalls calls, CreateTaskRequest request, ProcessSpec? process, Action<string> step)
    {
        _calls = calls;
        _request = request;
        _step = step;
        _command = process?.Args ?? [];
        Terminal = process?.Terminal ?? false;
    }

    public string ContainerId => _request.ContainerId;

    public string ExecId => "";

    /// <summary>Whether the container's process has a terminal: the request must say what the spec says.</summary>
    public bool Terminal { get; }

    /// <summary>Reads what the creation needs: the container's record and the mounts of its snapshot.</summary>
    /// <exception cref="NotFoundException">There is no such container, or its snapshot is gone.</exception>
    public static async Task<TaskCreation> PrepareAsync(
        ContainerdClient client, TaskCalls calls, string id, StartOptions options, CancellationToken cancellationToken)
    {
        var container = await calls.GetContainerAsync(id, cancellationToken).ConfigureAwait(false);
        var mounts = container.SnapshotKey.Length > 0
            ? await client.Snapshots(container.Snapshotter).MountsAsync(container.SnapshotKey, cancellationToken).ConfigureAwait(false)
            : [];
        return Of(calls, container, mounts, options);
    }

    /// <summary>What the creation needs, where it is known already.</summary>
    /// <exception cref="FailedPreconditionException">The container has no spec.</exception>
    public static TaskCreation Of(TaskCalls calls, Wire.Containers.Container container, IReadOnlyList<Snapshots.Mount> mounts, StartOptions options)
    {
        if (container.Spec is not { Value.Length: > 0 } stored)
            throw new FailedPreconditionException($"Cannot start container '{container.Id}': it has no spec.");
        var spec = RuntimeSpec.Parse(stored.Value.Span);
        var request = new CreateTaskRequest { ContainerId = container.Id, Options = MergeOptions(container, options) };
        if (mounts.Count > 0)
        {
            request.Rootfs.Add(mounts.Select(mount => mount.ToWire()));
            LabelMounts(request, spec);
        }

        return new TaskCreation(calls, request, spec.Process, options.Step);
    }

    /// <summary>Creates the task. A stopped one that is still there is deleted first: that is how a container is started again.</summary>
    /// <exception cref="FailedPreconditionException">The container has a task that has not stopped.</exception>
    public async Task CreateAsync(StdioPaths streams)
    {
        _request.Stdin = streams.Stdin;
        _request.Stdout = streams.Stdout;
        _request.Stderr = streams.Stderr;
        _request.Terminal = streams.Terminal;
        using var patience = new Patience(s_cleanUpTimeout);
        while (true)
        {
            try
            {
                await _calls.CallAsync("create", ContainerId, "", o => _calls.Service.CreateAsync(_request, o), CancellationToken.None).ConfigureAwait(false);
                return;
            }
            catch (AlreadyExistsException e)
            {
                if (patience.IsOver)
                    throw;
                await MakeRoomAsync(e).ConfigureAwait(false);
            }
            catch (ContainerdException e) when (StartFailure.Explain(e, ContainerId, _command) is { } better)
            {
                throw better;
            }
        }
    }

    public async Task<int> StartAsync()
    {
        var request = new StartRequest { ContainerId = ContainerId };
        try
        {
            var reply = await _calls.CallAsync("start", ContainerId, "", o => _calls.Service.StartAsync(request, o), CancellationToken.None).ConfigureAwait(false);
            return (int)reply.Pid;
        }
        catch (ContainerdException e) when (StartFailure.Explain(e, ContainerId, _command) is { } better)
        {
            throw better;
        }
    }

    public Task KillAsync(int pid) => _calls.KillAsync(ContainerId, "", Signal.Kill, all: true, CancellationToken.None, s_killTimeout);

    public async Task DeleteAsync()
    {
        var request = new DeleteTaskRequest { ContainerId = ContainerId };
        try
        {
            await _calls.CallAsync("delete", ContainerId, "", o => _calls.Service.DeleteAsync(request, o), CancellationToken.None, s_deleteTimeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or ShimGoneException)
        {
            // Gone already.
        }
    }

    /// <summary>
    /// The runtime options of the request. They replace the container's as a whole, so that setting one would drop what the container
    /// has, such as the name of its runtime's binary (trap T23): they are merged into a copy. Null where nothing is set.
    /// </summary>
    internal static Any? MergeOptions(Wire.Containers.Container container, StartOptions options)
    {
        if (options is { NoPivotRoot: false, NoNewKeyring: false })
            return null;
        var stored = container.Runtime?.Options;
        var isRunc = stored is null or { TypeUrl.Length: 0 }
            ? container.Runtime?.Name.StartsWith(RuncRuntime, StringComparison.Ordinal) == true
            : AnyMessage.Is<Wire.Runc.Options>(stored);
        if (!isRunc)
        {
            throw new InvalidArgumentException(
                options.NoPivotRoot ? "NoPivotRoot" : "NoNewKeyring", $"Only runc has this option; container '{container.Id}' has the runtime {container.Runtime?.Name}.");
        }

        var merged = AnyMessage.TryUnpack<Wire.Runc.Options>(stored, out var own) ? own : new Wire.Runc.Options();
        merged.NoPivotRoot |= options.NoPivotRoot;
        merged.NoNewKeyring |= options.NoNewKeyring;
        return AnyMessage.Pack(merged);
    }

    // The root file system of a container that SELinux confines carries the label of its spec (containerd's client, NewTask).
    private static void LabelMounts(CreateTaskRequest request, RuntimeSpec spec)
    {
        if (spec.Json["linux"]?["mountLabel"]?.ToString() is not { Length: > 0 } label)
            return;
        foreach (var mount in request.Rootfs)
            mount.Options.Add($"context=\"{label}\"");
    }

    private async Task MakeRoomAsync(AlreadyExistsException exists)
    {
        Wire.Types.Process task;
        try
        {
            task = await _calls.GetAsync(ContainerId, "", CancellationToken.None).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (e.Kind == ResourceKind.Task)
        {
            _step($"containerd still cleans up after the last task of container '{ContainerId}'.");
            await Task.Delay(s_cleanUpInterval).ConfigureAwait(false);
            return;
        }

        switch (task.Status)
        {
            case Wire.Types.Status.Stopped:
                _step($"The last task of container '{ContainerId}', which exited with code {task.ExitStatus}, is deleted.");
                await DeleteAsync().ConfigureAwait(false);
                return;
            case Wire.Types.Status.Created:
                throw new FailedPreconditionException(
                    $"Cannot start container '{ContainerId}': it has a task that was created and never started. Delete that task first.", exists);
            default:
                throw new FailedPreconditionException(
                    $"Cannot start container '{ContainerId}': it is {task.Status.ToString().ToLowerInvariant()} already (process {task.Pid}).", exists);
        }
    }
}

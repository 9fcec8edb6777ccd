namespace Containerd;

/// <summary>Something that happened on a containerd: a process ended, a container was made, an image was deleted.</summary>
public sealed record ContainerdEvent : SessionObject
{
    /// <summary>When it happened (UTC, the server's clock); for a recovered exit of unknown time, when it was found.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>containerd's topic, such as /tasks/exit.</summary>
    public required string Topic { get; init; }

    /// <summary>What happened.</summary>
    public required EventKind Kind { get; init; }

    /// <summary>
    /// What it happened to: the container's id for events of containers and tasks, else the image's name, the snapshot's
    /// key, the blob's digest, the namespace or the sandbox. Empty where the message names nothing.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>The container, for events of containers and tasks; null otherwise.</summary>
    public string? ContainerId { get; init; }

    /// <summary>The exec process, for events of exec processes; null for a container's init process and otherwise.</summary>
    public string? ExecId { get; init; }

    /// <summary>The process's id on the server's host; null where the event tells none.</summary>
    public int? Pid { get; init; }

    /// <summary>
    /// The exit code, for exits and deletions: 128 + signal where a signal ended the process, 255 where the runtime does not
    /// know. Null otherwise, and for a recovered exit whose code the server has lost.
    /// </summary>
    public int? ExitCode { get; init; }

    /// <summary>When the process ended (UTC, the server's clock); null where it did not or where the server has lost it.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>True once a process of the container was killed for want of memory, until the container is deleted.</summary>
    public bool OOMKilled { get; init; }

    /// <summary>
    /// True for an exit that happened while the connection was lost, or whose event the server dropped: it was found from
    /// the task's state afterwards.
    /// </summary>
    public bool Recovered { get; init; }

    /// <summary>
    /// All the fields of the message by their names, such as Data['Image'] or Data['Labels']. For an unknown type: TypeUrl, and the
    /// bytes as Value.
    /// </summary>
    public required IReadOnlyDictionary<string, object?> Data { get; init; }

    /// <summary>The id of what it happened to, so that an event can stand where a container's id is expected.</summary>
    public override string ToString() => Id;
}

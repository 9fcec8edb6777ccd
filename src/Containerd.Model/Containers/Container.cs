namespace Containerd;

/// <summary>A container: the record containerd keeps of it, and the state of its task at the time it was read.</summary>
public sealed record Container : SessionObject
{
    /// <summary>The id, unique in the namespace.</summary>
    public required string Id { get; init; }

    /// <summary>The state of the task; <see cref="TaskState.None"/> when there is none.</summary>
    public TaskState State { get; init; } = TaskState.None;

    /// <summary>The init process's id on the server's host; null when there is no task or it has no process yet.</summary>
    public int? Pid { get; init; }

    /// <summary>The exit code of a stopped task; null otherwise.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When a stopped task ended (UTC); null otherwise.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>The name of the image it was made from; empty when made from a root file system.</summary>
    public required string Image { get; init; }

    /// <summary>The command line of the init process, from the OCI spec.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The labels, by key.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The runtime's name, such as io.containerd.runc.v2.</summary>
    public required string Runtime { get; init; }

    /// <summary>The snapshotter that holds the root file system; empty when there is none.</summary>
    public required string Snapshotter { get; init; }

    /// <summary>The key of the root file system's snapshot; empty when there is none.</summary>
    public required string SnapshotKey { get; init; }

    /// <summary>When the record was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the record was last changed (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The OCI runtime spec as JSON, exactly as stored; null where the record has none.</summary>
    public string? Spec { get; init; }

    /// <summary>The id, so that a container can stand where an id is expected.</summary>
    public override string ToString() => Id;
}

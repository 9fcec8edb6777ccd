using System.Text;

namespace Containerd;

/// <summary>A container: the record containerd keeps of it, and the state of its task at the time it was read.</summary>
public sealed record Container : SessionObject
{
    /// <summary>The id, unique in the namespace.</summary>
    public required string Id { get; init; }

    /// <summary>
    /// The state of the task; <see cref="TaskState.None"/> when there is none, <see cref="TaskState.Unknown"/> when its shim does not answer.
    /// </summary>
    public TaskState State { get; init; } = TaskState.None;

    /// <summary>The init process's id on the server's host; null when there is no task or it has no process (any more).</summary>
    public int? Pid { get; init; }

    /// <summary>The exit code of a stopped task; null otherwise.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When a stopped task ended (UTC); null otherwise.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>The name of the image it was made from; empty when made from a root file system.</summary>
    public required string Image { get; init; }

    /// <summary>What the init process runs, from the OCI spec: the program and its arguments.</summary>
    public IReadOnlyList<string> Command => StoredSpec?.Command ?? [];

    /// <summary>The labels, by key.</summary>
    public required IReadOnlyDictionary<string, string> Labels { get; init; }

    /// <summary>The runtime's name, such as io.containerd.runc.v2.</summary>
    public required string Runtime { get; init; }

    /// <summary>The snapshotter that holds the root file system; empty when there is none.</summary>
    public required string Snapshotter { get; init; }

    /// <summary>The key of the root file system's snapshot; empty when there is none.</summary>
    public required string SnapshotKey { get; init; }

    /// <summary>The sandbox (pod) it belongs to; null where it belongs to none, and on containerd 1.6.</summary>
    public string? Sandbox { get; init; }

    /// <summary>
    /// The client whose container this is and which keeps state of its own about it: Kubernetes, Docker or nerdctl; null where none is known.
    /// </summary>
    public string? Owner => ContainerOwner.Of(Namespace, Labels);

    /// <summary>When the record was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the record was last changed (UTC).</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The OCI runtime spec as JSON, exactly as stored; null where the record has none.</summary>
    public string? Spec
    {
        get => StoredSpec?.Text;
        init => StoredSpec = value is null ? null : new StoredSpec(Encoding.UTF8.GetBytes(value));
    }

    /// <summary>The OCI runtime spec as it came from the server.</summary>
    internal StoredSpec? StoredSpec { get; init; }

    /// <summary>The id, so that a container can stand where an id is expected.</summary>
    public override string ToString() => Id;
}

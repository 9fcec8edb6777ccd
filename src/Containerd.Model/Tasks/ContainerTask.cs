namespace Containerd;

/// <summary>The state of a container's task, with containerd's own words.</summary>
public enum TaskState
{
    /// <summary>The server cannot tell: the shim does not answer or is gone.</summary>
    Unknown,

    /// <summary>There is no task: the container was never started or its task was deleted.</summary>
    None,

    /// <summary>The task is set up and the process not yet started.</summary>
    Created,

    /// <summary>The process runs.</summary>
    Running,

    /// <summary>The process has ended; its exit code is kept until the task is deleted.</summary>
    Stopped,

    /// <summary>All processes are frozen.</summary>
    Paused,

    /// <summary>The processes are being frozen.</summary>
    Pausing,
}

/// <summary>The task of a container: its init process and the state of it.</summary>
public sealed record ContainerTask : SessionObject
{
    /// <summary>The container's id, which is also the task's.</summary>
    public required string Id { get; init; }

    /// <summary>The state of the init process.</summary>
    public required TaskState State { get; init; }

    /// <summary>The init process's id on the server's host; 0 where there is none (yet).</summary>
    public required int Pid { get; init; }

    /// <summary>The exit code once stopped (128 + signal where a signal ended it); null before, and where the server lost it.</summary>
    public int? ExitCode { get; init; }

    /// <summary>When the process ended (UTC); null before.</summary>
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>True when the process has a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>Where stdin comes from: a path on the server's host, empty for none.</summary>
    public string Stdin { get; init; } = "";

    /// <summary>Where stdout goes: a path or URI on the server's host, empty for none.</summary>
    public string Stdout { get; init; } = "";

    /// <summary>Where stderr goes: a path or URI on the server's host, empty for none.</summary>
    public string Stderr { get; init; } = "";

    /// <summary>The id, so that a task can stand where a container's id is expected.</summary>
    public override string ToString() => Id;
}

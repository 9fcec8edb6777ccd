namespace Containerd;

/// <summary>A process of a container.</summary>
public sealed record ContainerProcess : SessionObject
{
    /// <summary>The container it runs in.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The process's id on the server's host.</summary>
    public required int Pid { get; init; }

    /// <summary>The exec process it is, where it was started with exec; null for the init process and for what those started.</summary>
    public string? ExecId { get; init; }

    /// <summary>The parent's process id on the server's host. Only with details.</summary>
    public int? ParentPid { get; init; }

    /// <summary>The numeric user it runs as on the server's host (its real user id). Only with details, and on Linux.</summary>
    public int? UserId { get; init; }

    /// <summary>The name of its program. Only with details.</summary>
    public string? Name { get; init; }

    /// <summary>Its program and arguments. Only with details; empty for a process that has ended and was not reaped yet.</summary>
    public IReadOnlyList<string>? CommandLine { get; init; }

    /// <summary>When it was started (UTC). Only with details.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>The processor time it used, in user and kernel mode. Only with details.</summary>
    public TimeSpan? CpuTime { get; init; }

    /// <summary>Its memory that is resident, in bytes; shared pages count in every process. Only with details.</summary>
    public long? Memory { get; init; }

    /// <summary>How many threads it has. Only with details, and on Linux.</summary>
    public int? Threads { get; init; }

    /// <summary>The process id.</summary>
    public override string ToString() => Pid.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

namespace Containerd;

/// <summary>A process that was executed in a running container and goes on by itself.</summary>
public sealed record ExecProcess : SessionObject
{
    /// <summary>The container it runs in.</summary>
    public required string ContainerId { get; init; }

    /// <summary>Its exec id, unique in the container.</summary>
    public required string ExecId { get; init; }

    /// <summary>Its process id on the server's host.</summary>
    public required int Pid { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>When it was started (UTC, the client's clock).</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The file that takes stdout, on the server's host; empty where it is thrown away.</summary>
    public string Stdout { get; init; } = "";

    /// <summary>The file that takes stderr, on the server's host; empty where it is thrown away.</summary>
    public string Stderr { get; init; } = "";

    /// <summary>The container's id, so that it can stand where a container's id is expected.</summary>
    public override string ToString() => ContainerId;
}

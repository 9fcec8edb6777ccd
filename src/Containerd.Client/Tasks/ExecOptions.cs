using Containerd.Client.Oci;

namespace Containerd.Client.Tasks;

/// <summary>What to execute in a running container. What is not said is as the container's own process has it.</summary>
public sealed record ExecOptions
{
    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Changes to the environment: NAME=value sets, NAME alone removes.</summary>
    public IReadOnlyList<string> Env { get; init; } = [];

    /// <summary>Who it runs as: user, uid, user:group, uid:gid; looked up in the container's own files. Null: as the container's process.</summary>
    public string? User { get; init; }

    /// <summary>The working directory; null for the container's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>It runs on a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>The terminal's size from the first instruction on; a resize before the start would be lost (trap T12).</summary>
    public ConsoleSize? ConsoleSize { get; init; }

    /// <summary>
    /// The process in full instead: nothing of the above counts then, and the container's record is not asked for. Its terminal
    /// must be what <see cref="Terminal"/> says.
    /// </summary>
    public ProcessSpec? Process { get; init; }
}

namespace Containerd.Client.Tasks;

/// <summary>How a process that a client was attached to ran.</summary>
/// <param name="ContainerId">Its container.</param>
/// <param name="ExecId">The exec process's id; null for the init process.</param>
/// <param name="Pid">Its process id on the server's host.</param>
/// <param name="StartedAt">When it was started (UTC, the client's clock).</param>
/// <param name="Exit">How it ended.</param>
/// <param name="OutputStillOpen">A child holds a stream open; what it writes from now on is lost (trap T10).</param>
/// <param name="StdoutBytes">How many bytes it wrote to stdout, as far as they were read.</param>
/// <param name="StderrBytes">How many bytes it wrote to stderr, as far as they were read.</param>
public sealed record ProcessOutcome(
    string ContainerId, string? ExecId, int Pid, DateTimeOffset StartedAt, ExitStatus Exit, bool OutputStillOpen, long StdoutBytes, long StderrBytes);

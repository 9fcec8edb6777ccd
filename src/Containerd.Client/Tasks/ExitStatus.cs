namespace Containerd.Client.Tasks;

/// <summary>How a process ended.</summary>
/// <param name="Code">
/// The exit code; 128 + the signal's number where a signal ended it. Null where the server lost it: containerd 1.7 and 2 forget a task
/// that ends while they are down (trap T14), and a shim that dies takes its codes along (trap T18).
/// </param>
/// <param name="ExitedAt">When it ended (UTC, the server's clock); null where the server lost it.</param>
public readonly record struct ExitStatus(int? Code, DateTimeOffset? ExitedAt)
{
    /// <summary>It has ended, and nobody knows how.</summary>
    public static ExitStatus Lost { get; }

    /// <summary>Year 1 as the time of exit says that the process never ran, whatever the code (trap T3).</summary>
    internal static ExitStatus From(uint code, DateTimeOffset? exitedAt) => exitedAt is null ? Lost : new((int)code, exitedAt);
}

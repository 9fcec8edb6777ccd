namespace Containerd.Client.Tasks;

/// <summary>
/// How a task is started that needs no client: where its streams lead, which the shim serves by itself. All paths are on the server's host.
/// </summary>
public sealed record StartOptions
{
    /// <summary>A file whose bytes the process reads as its stdin, then end of file; null: end of file at once.</summary>
    public string? Stdin { get; init; }

    /// <summary>
    /// A file that exists, to which stdout is appended, or a file:// or binary:// URI that takes both streams; null throws it away.
    /// A file made by the caller keeps the caller's mode, where one of a file:// URI is readable for all (trap T29).
    /// </summary>
    public string? Stdout { get; init; }

    /// <summary>A file that exists, to which stderr is appended; it may be that of stdout. Null throws it away. On a terminal it counts for nothing.</summary>
    public string? Stderr { get; init; }

    /// <summary>Moves the root file system instead of pivoting to it: for hosts whose own root is in memory (runc's no_pivot_root).</summary>
    public bool NoPivotRoot { get; init; }

    /// <summary>The process keeps the daemon's session keyring (runc's no_new_keyring).</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>Hears of every step, in words.</summary>
    public Action<string> Step { get; init; } = static _ => { };
}

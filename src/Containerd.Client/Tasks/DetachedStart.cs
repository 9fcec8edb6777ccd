using Containerd.Client.Io;

namespace Containerd.Client.Tasks;

/// <summary>Creates and starts a process that needs no client at its streams; what does not come to run is taken away again.</summary>
internal static class DetachedStart
{
    /// <summary>Starts it.</summary>
    /// <param name="process">The process.</param>
    /// <param name="streams">Where its streams lead.</param>
    /// <param name="cancellationToken">Takes it away again, if it comes before the process runs.</param>
    /// <returns>Its process id on the server's host.</returns>
    public static async Task<int> RunAsync(IAttachable process, StdioPaths streams, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var create = process.CreateAsync(streams);
        Task<int>? start = null;
        try
        {
            await create.WaitAsync(cancellationToken).ConfigureAwait(false);
            start = process.StartAsync();
            return await start.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await new FailedStart(process, create, start).CleanUpAsync(exit: null).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The streams as the shim wants them: both outputs or none (trap T7), one of them on a terminal.</summary>
    public static StdioPaths Streams(string? stdin, string? stdout, string? stderr, bool terminal)
    {
        stdin ??= "";
        if (IsUri(stderr) && !IsUri(stdout))
            throw new InvalidArgumentException("Stderr", $"'{stderr}' takes both streams: give it for stdout.");
        if (terminal)
        {
            return IsUri(stdout)
                ? throw new InvalidArgumentException("Stdout", $"A process on a terminal can't write to '{stdout}': give it a file.")
                : new StdioPaths(stdin, stdout ?? StdioPaths.NullDevice, "", Terminal: true);
        }

        if (IsUri(stdout))
        {
            return stderr is null || stderr == stdout
                ? new StdioPaths(stdin, stdout!, stdout!, Terminal: false)
                : throw new InvalidArgumentException("Stderr", $"'{stdout}' takes both streams: nothing is left for '{stderr}'.");
        }

        if (stderr is not null && stderr == stdout)
            stderr = StdioPaths.BesideStdout(stderr);
        return stdin.Length == 0 && stdout is null && stderr is null
            ? StdioPaths.None
            : new StdioPaths(stdin, stdout ?? StdioPaths.NullDevice, stderr ?? StdioPaths.NullDevice, Terminal: false);
    }

    private static bool IsUri(string? stream) => stream?.Contains("://", StringComparison.Ordinal) == true;
}

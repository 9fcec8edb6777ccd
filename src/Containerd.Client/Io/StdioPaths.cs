namespace Containerd.Client.Io;

/// <summary>
/// What a create or exec request says about the streams of a process: paths of FIFOs, files, <c>/dev/null</c>, or the URIs
/// <c>file://</c> and <c>binary://</c>. An empty string leaves the stream out.
/// </summary>
/// <param name="Stdin">Where the process reads from; empty: nothing.</param>
/// <param name="Stdout">Where the process writes to; with a terminal it may not be empty.</param>
/// <param name="Stderr">Where the process writes errors to; empty exactly if <paramref name="Stdout"/> is, or with a terminal.</param>
/// <param name="Terminal">The process runs on a terminal of its own, which must be said in its spec too.</param>
public sealed record StdioPaths(string Stdin, string Stdout, string Stderr, bool Terminal)
{
    /// <summary>Takes the place of a stream that nobody wants where the shim insists on a path (trap T7).</summary>
    public const string NullDevice = "/dev/null";

    /// <summary>
    /// No stream for anybody: the process reads end of file, and what it writes goes to /dev/null. Not three empty paths, for which a
    /// shim of Linux opens /dev/null read-only: every write of the process would fail with EBADF (go-runc's NullIO).
    /// </summary>
    public static StdioPaths None { get; } =
        OperatingSystem.IsWindows() ? new("", "", "", Terminal: false) : new("", NullDevice, NullDevice, Terminal: false);

    /// <summary>
    /// Both streams appended to one file that exists, by the shim itself and so without any process of ours: output of a detached task.
    /// Unlike a <c>file://</c> URI it keeps the file's own mode (trap T29). Lines of the two streams may change places.
    /// </summary>
    /// <param name="file">Absolute path of a regular file on the daemon's host; <see cref="FileSink.Open"/> makes one privately.</param>
    public static StdioPaths AppendTo(string file) => new("", Absolute(file), BesideStdout(file), Terminal: false);

    /// <summary>
    /// Another spelling of the path that stdout has, for stderr to go to the same file. With one and the same spelling the shim shares one
    /// open file between the streams, and closes it when stdout ends; of an exec so short that this is before stderr was begun, stderr is lost.
    /// </summary>
    /// <param name="file">The absolute path of stdout's file.</param>
    public static string BesideStdout(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        return Path.Combine(Path.GetDirectoryName(file) ?? "", ".", Path.GetFileName(file));
    }

    /// <summary>
    /// The output of a terminal written to a file that exists, by the shim itself. From its beginning: with a terminal the shim does not
    /// append, it writes over what is there, so each process needs an empty file of its own.
    /// </summary>
    /// <param name="file">Absolute path of an empty regular file on the daemon's host.</param>
    public static StdioPaths TerminalTo(string file) => new("", Absolute(file), "", Terminal: true);

    private static string Absolute(string file)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        return Path.IsPathFullyQualified(file)
            ? file
            : throw new ArgumentException($"The daemon needs an absolute path to write to, not '{file}'.", nameof(file));
    }
}

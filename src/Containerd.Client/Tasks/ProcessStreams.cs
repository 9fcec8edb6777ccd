using Containerd.Client.Io;

namespace Containerd.Client.Tasks;

/// <summary>What feeds and what takes the streams of a process that a client stays attached to.</summary>
public sealed record ProcessStreams
{
    /// <summary>
    /// How long a stream may be silent after the process has ended, before what still holds it open (a child that runs on) is no longer
    /// waited for (trap T10): 2 seconds.
    /// </summary>
    public static readonly TimeSpan DefaultIdleGrace = TimeSpan.FromSeconds(2);

    /// <summary>Read to its end into the process's stdin, which is then closed; null: the process reads end of file. Not disposed.</summary>
    public Stream? Stdin { get; init; }

    /// <summary>Takes stdout; null throws it away at no cost.</summary>
    public IByteSink? Stdout { get; init; }

    /// <summary>Takes stderr; null throws it away. On a terminal all comes on stdout.</summary>
    public IByteSink? Stderr { get; init; }

    /// <summary>See <see cref="DefaultIdleGrace"/>.</summary>
    public TimeSpan IdleGrace { get; init; } = DefaultIdleGrace;

    /// <summary>The directory for the FIFOs; it must be the same one for the daemon.</summary>
    public string FifoDirectory { get; init; } = Io.FifoDirectory.DefaultRoot;
}

namespace Containerd.Client.Io;

/// <summary>What a caller wants of the streams of one process.</summary>
public sealed record ProcessIoOptions
{
    /// <summary>The id of the container or exec; begins the names of the FIFOs and need not be unique.</summary>
    public required string Id { get; init; }

    /// <summary>The process gets a stdin that <see cref="ProcessIo.WriteStdinAsync"/> feeds; without, it reads end of file.</summary>
    public bool Stdin { get; init; }

    /// <summary>Takes stdout; null: thrown away by the shim, at no cost.</summary>
    public IByteSink? StdoutSink { get; init; }

    /// <summary>Takes stderr; null: thrown away. A terminal has no stderr, all comes on stdout.</summary>
    public IByteSink? StderrSink { get; init; }

    /// <summary>The process runs on a terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>The directory in which a private one is made for the FIFOs; <see cref="FifoDirectory.DefaultRoot"/> by default.</summary>
    public string Directory { get; init; } = FifoDirectory.DefaultRoot;

    /// <summary>The user that is to own the FIFOs, for a daemon that is not root; null: the calling user.</summary>
    public uint? Uid { get; init; }

    /// <summary>The group that is to own the FIFOs; null: the caller's.</summary>
    public uint? Gid { get; init; }

    /// <exception cref="ArgumentException">The wishes contradict each other.</exception>
    internal void Validate()
    {
        ArgumentException.ThrowIfNullOrEmpty(Id);
        if (Id is "." or ".." || Id.AsSpan().ContainsAny('/', '\\', '\0'))
            throw new ArgumentException($"'{Id}' can't be part of a file name, so it is no id.", nameof(Id));
        if (Terminal && StderrSink is not null)
            throw new ArgumentException("A process on a terminal has no stderr of its own: all of its output comes on stdout.", nameof(StderrSink));
    }
}

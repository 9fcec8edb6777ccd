using Containerd.Client.Native;

namespace Containerd.Client.Io;

/// <summary>The streams of a process as FIFOs of this host.</summary>
internal sealed class FifoIo : ProcessIo
{
    private readonly FifoDirectory? _directory;
    private FifoWriter? _stdin;

    private FifoIo(StdioPaths paths, FifoDirectory? directory)
        : base(paths) => _directory = directory;

    public static new FifoIo Create(FifoPoller poller, ProcessIoOptions options)
    {
        var directory = FifoDirectory.Create(options.Directory, options.Uid, options.Gid);
        try
        {
            // The shim wants both or neither of the outputs (trap T7), and a terminal has but one.
            string Output(IByteSink? sink, string stream) =>
                sink is null ? StdioPaths.NullDevice : directory.Add(options.Id, stream, options.Uid, options.Gid);
            var paths = new StdioPaths(
                options.Stdin ? directory.Add(options.Id, "stdin", options.Uid, options.Gid) : "",
                Output(options.StdoutSink, "stdout"),
                options.Terminal ? "" : Output(options.StderrSink, "stderr"),
                options.Terminal);
            return new FifoIo(paths, directory).Open(poller, options, attach: false);
        }
        catch
        {
            directory.Delete();
            throw;
        }
    }

    public static new FifoIo Attach(FifoPoller poller, StdioPaths paths, ProcessIoOptions options)
    {
        foreach (var (wanted, path, stream) in new[]
        {
            (options.Stdin, paths.Stdin, "stdin"),
            (options.StdoutSink is not null, paths.Stdout, "stdout"),
            (options.StderrSink is not null, paths.Stderr, "stderr"),
        })
        {
            if (wanted && !Fifo.Exists(path))
            {
                var where = path.Length == 0 ? "nowhere" : $"to '{path}', which is no FIFO of this host";
                throw new IOException($"Could not attach to {stream} of '{options.Id}': it leads {where}.");
            }
        }
        return new FifoIo(paths, directory: null).Open(poller, options, attach: true);
    }

    public override void Connected() => _stdin?.Connected();

    public override ValueTask<bool> WriteStdinAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _stdin?.WriteAsync(bytes, cancellationToken) ?? new(false);

    public override ValueTask CloseStdinAsync(CancellationToken cancellationToken = default) =>
        _stdin?.CloseAsync(cancellationToken) ?? ValueTask.CompletedTask;

    private protected override void AbortStdin() => _stdin?.Abort();

    private protected override ValueTask RemoveAsync()
    {
        _directory?.Delete();
        return ValueTask.CompletedTask;
    }

    private FifoIo Open(FifoPoller poller, ProcessIoOptions options, bool attach)
    {
        FifoReader? Reader(IByteSink? sink, string path) => sink is null ? null : new FifoReader(poller, path, attach, sink, Aborted);
        FifoReader? stdout = null;
        try
        {
            stdout = Reader(options.StdoutSink, Paths.Stdout);
            SetOutput(stdout, Reader(options.StderrSink, Paths.Stderr));
            if (options.Stdin)
                _stdin = new FifoWriter(poller, Paths.Stdin, attach);
            return this;
        }
        catch
        {
            stdout?.Abort();
            Abort();
            throw;
        }
    }
}

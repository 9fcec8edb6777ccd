using System.IO.Pipes;
using System.Security.Cryptography;

namespace Containerd.Client.Io;

/// <summary>
/// The streams of a process as named pipes of Windows. Here the client is the server of the pipes and listens before the RPC; the
/// shim connects. Pipe names are random, not made from the id, or an exec id used again would meet its old pipes (trap T31).
/// </summary>
internal sealed class NamedPipeIo : ProcessIo
{
    private const string Prefix = @"\\.\pipe\";

    private NamedPipeWriter? _stdin;

    private NamedPipeIo(StdioPaths paths)
        : base(paths)
    {
    }

    /// <exception cref="IOException">A pipe can't be made.</exception>
    public static NamedPipeIo Listen(ProcessIoOptions options)
    {
        var random = RandomNumberGenerator.GetHexString(32, lowercase: true);
        // The shim of Windows takes each stream by itself: one that nobody wants is left out.
        string Name(bool wanted, string stream) => wanted ? $"{Prefix}ctr-{random}-{stream}" : "";
        var io = new NamedPipeIo(new StdioPaths(
            Name(options.Stdin, "stdin"),
            Name(options.StdoutSink is not null || options.Terminal, "stdout"),
            Name(options.StderrSink is not null, "stderr"),
            options.Terminal));
        try
        {
            io.Open(options);
            return io;
        }
        catch
        {
            io.Abort();
            throw;
        }
    }

    public override ValueTask<bool> WriteStdinAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken = default) =>
        _stdin?.WriteAsync(bytes, cancellationToken) ?? new(false);

    public override ValueTask CloseStdinAsync(CancellationToken cancellationToken = default) =>
        _stdin?.CloseAsync(cancellationToken) ?? ValueTask.CompletedTask;

    private protected override void AbortStdin() => _stdin?.Abort();

    // go-winio, which the shim connects with, asks for both directions whatever the stream's is.
    private static NamedPipeServerStream Serve(string path) =>
        new(path[Prefix.Length..], PipeDirection.InOut, maxNumberOfServerInstances: 1, PipeTransmissionMode.Byte, PipeOptions.Asynchronous);

    private void Open(ProcessIoOptions options)
    {
        // A terminal must have an output: with no sink for it the bytes are read and dropped, as /dev/null would on Linux.
        var stdout = options.StdoutSink ?? (options.Terminal ? new BufferSink(limit: 0) : null);
        NamedPipeReader? Reader(IByteSink? sink, string path) => sink is null ? null : new NamedPipeReader(Serve(path), sink, Aborted);
        var reader = Reader(stdout, Paths.Stdout);
        SetOutput(reader, null);
        SetOutput(reader, Reader(options.StderrSink, Paths.Stderr));
        if (options.Stdin)
            _stdin = new NamedPipeWriter(Serve(Paths.Stdin));
    }
}

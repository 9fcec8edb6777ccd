using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Io;

/// <summary>
/// Writes a stream to a file. One sink may serve stdout and stderr at once. On Unix the file is made for its owner only (0600), and so are
/// directories that were missing (0700), because what a container writes is nobody else's business (trap T29).
/// </summary>
public sealed class FileSink : IByteSink, IDisposable
{
    private const UnixFileMode OwnerReadsAndWrites = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _stream;
    private readonly SafeFileHandle _file;
    private long _end;

    private FileSink(string path, FileStream stream, bool append)
    {
        Path = path;
        _stream = stream;
        _file = stream.SafeFileHandle;
        _end = append ? RandomAccess.GetLength(_file) : 0;
    }

    /// <summary>The full path of the file.</summary>
    public string Path { get; }

    /// <summary>The open file.</summary>
    internal SafeFileHandle File => _file;

    /// <summary>Bytes in the file, with those being written.</summary>
    public long Length => Interlocked.Read(ref _end);

    /// <summary>Opens the file, making it where it does not exist.</summary>
    /// <param name="path">The file.</param>
    /// <param name="append">Write after what is there; otherwise what is there goes.</param>
    /// <exception cref="IOException">The file can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file is not ours to write.</exception>
    public static FileSink Open(string path, bool append = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = System.IO.Path.GetFullPath(path);
        var options = new FileStreamOptions
        {
            Mode = append ? FileMode.OpenOrCreate : FileMode.Create,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
        };
        var directory = System.IO.Path.GetDirectoryName(path);
        if (OperatingSystem.IsWindows())
        {
            if (directory is not null)
                Directory.CreateDirectory(directory);
        }
        else
        {
            options.UnixCreateMode = OwnerReadsAndWrites;
            if (directory is not null)
                Directory.CreateDirectory(directory, OwnerReadsAndWrites | UnixFileMode.UserExecute);
        }
        return new FileSink(path, new FileStream(path, options), append);
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var start = Interlocked.Add(ref _end, bytes.Length) - bytes.Length;
        // Runs on the thread pool: a disk that is slow, full or remote must not hold up the other streams of the session.
        return RandomAccess.WriteAsync(_file, bytes, start, cancellationToken);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _stream.Dispose();
}

using System.Security.Cryptography;

namespace Containerd.Client.Io;

/// <summary>
/// Input for a process that no client stays with: a file that only its owner can read, which the shim opens when the process is created
/// and which can be removed from then on.
/// </summary>
public sealed class SpooledInput : IDisposable
{
    private SpooledInput(string path) => Path = path;

    /// <summary>The file; the daemon finds it by the same path.</summary>
    public string Path { get; }

    /// <summary>Writes the file, beside the FIFOs: there the daemon looks anyway.</summary>
    /// <param name="bytes">What the process is to read.</param>
    /// <param name="root">The directory.</param>
    /// <returns>The input; disposing it removes the file.</returns>
    /// <exception cref="IOException">The file can't be written.</exception>
    public static SpooledInput Create(ReadOnlySpan<byte> bytes, string root = FifoDirectory.DefaultRoot)
    {
        var input = new SpooledInput(System.IO.Path.Combine(root, RandomNumberGenerator.GetHexString(16, lowercase: true) + "-stdin"));
        try
        {
            using var sink = FileSink.Open(input.Path);
            RandomAccess.Write(sink.File, bytes, 0);
            return input;
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    /// <summary>Removes the file.</summary>
    public void Dispose() => File.Delete(Path);
}

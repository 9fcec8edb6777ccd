using System.Diagnostics;
using System.Text;
using Containerd.Client.Io;

namespace Containerd.Client.Tests.Io;

/// <summary>A poller with a directory of its own, and the test in the place of the shim and the process at the other end.</summary>
public sealed class FifoRig : IDisposable
{
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    public FifoPoller Poller { get; } = new();

    public string Root { get; } = Directory.CreateTempSubdirectory("ctr-io-").FullName;

    public BufferSink Out { get; } = new();

    public BufferSink Err { get; } = new();

    public string FifoRoot => Path.Combine(Root, "fifo");

    /// <summary>Streams of a process "web": stdout and stderr into <see cref="Out"/> and <see cref="Err"/> unless said otherwise.</summary>
    public ProcessIo Create(Func<ProcessIoOptions, ProcessIoOptions>? change = null)
    {
        var options = new ProcessIoOptions { Id = "web", StdoutSink = Out, StderrSink = Err, Directory = FifoRoot };
        return ProcessIo.Create(Poller, change is null ? options : change(options));
    }

    /// <summary>Opens the process's end of an output, as the shim does.</summary>
    public static FileStream Writer(string path) => new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    /// <summary>Opens the process's end of stdin. It waits for a writer, as the shim's does not, so the client must have opened its end.</summary>
    public static FileStream Reader(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);

    /// <summary>Opens and closes an output at once: a process that wrote nothing.</summary>
    public static void Finish(string path) => Writer(path).Dispose();

    public static void WriteAndFinish(string path, string text)
    {
        using var writer = Writer(path);
        writer.Write(Encoding.UTF8.GetBytes(text));
    }

    public static Process Shell(string script)
    {
        var start = new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", script }, RedirectStandardOutput = true };
        return Process.Start(start)!;
    }

    public void Dispose()
    {
        Poller.Dispose();
        Directory.Delete(Root, recursive: true);
    }
}

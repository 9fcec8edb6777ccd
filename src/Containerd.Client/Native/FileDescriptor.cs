using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Native;

/// <summary>An open, non-blocking file descriptor. No call on it ever waits.</summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    /// <summary>What <see cref="Read"/> and <see cref="Write"/> give when the call would have to wait.</summary>
    public const int WouldBlock = -1;

    /// <summary>What <see cref="Write"/> gives when nobody has the other end of the pipe open.</summary>
    public const int NoReader = -2;

    public FileDescriptor()
        : base(ownsHandle: true)
    {
    }

    public FileDescriptor(int fd)
        : this() => SetHandle(fd);

    /// <summary>Opens without waiting, whatever the path is; not inherited by processes that are started.</summary>
    /// <exception cref="NativeException">The path can't be opened; ENXIO: it is a FIFO nobody reads and was opened to write.</exception>
    public static FileDescriptor Open(string path, int flags) =>
        TryOpen(path, flags) ?? throw NativeException.Last("open", path);

    /// <summary>Like <see cref="Open"/>; null where it fails, the reason being the thread's last P/Invoke error.</summary>
    public static FileDescriptor? TryOpen(string path, int flags)
    {
        int fd;
        do
            fd = LibC.Open(path, flags | LibC.O_NONBLOCK | LibC.O_CLOEXEC, 0);
        while (fd < 0 && Marshal.GetLastPInvokeError() == Errno.EINTR);
        return fd < 0 ? null : new FileDescriptor(fd);
    }

    /// <summary>There are bytes to read, or the last writer has gone.</summary>
    public unsafe bool IsReadable
    {
        get
        {
            var descriptor = new LibC.PollDescriptor { Descriptor = (int)handle, Events = LibC.POLLIN };
            return LibC.Poll(&descriptor, 1, 0) > 0;
        }
    }

    /// <summary>Reads what is there: a count, 0 when no process has the writing end open, or <see cref="WouldBlock"/>.</summary>
    public unsafe int Read(Span<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var count = (int)LibC.Read(this, start, buffer.Length);
                if (count >= 0)
                    return count;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return WouldBlock;
                    default: throw NativeException.Last("read from descriptor", handle.ToString());
                }
            }
        }
    }

    /// <summary>Writes what fits now: a count, <see cref="WouldBlock"/> or <see cref="NoReader"/>.</summary>
    public unsafe int Write(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            while (true)
            {
                var count = (int)LibC.Write(this, start, bytes.Length);
                if (count >= 0)
                    return count;
                switch (Marshal.GetLastPInvokeError())
                {
                    case Errno.EINTR: continue;
                    case Errno.EAGAIN: return WouldBlock;
                    // The runtime ignores SIGPIPE, so the error number is all that happens.
                    case Errno.EPIPE: return NoReader;
                    default: throw NativeException.Last("write to descriptor", handle.ToString());
                }
            }
        }
    }

    /// <summary>The capacity of the pipe in bytes.</summary>
    public int PipeCapacity => LibC.Fcntl(this, LibC.F_GETPIPE_SZ, 0);

    /// <summary>
    /// Asks for a pipe of that many bytes. False where the kernel refuses, which is no error: above
    /// <c>/proc/sys/fs/pipe-max-size</c> or the user's <c>pipe-user-pages-soft</c> only root may (pipe(7)).
    /// </summary>
    public bool TrySetPipeCapacity(int bytes) => LibC.Fcntl(this, LibC.F_SETPIPE_SZ, bytes) >= 0;

    // Linux releases the descriptor whatever close says, so there is nothing to repeat.
    protected override bool ReleaseHandle() => LibC.Close((int)handle) == 0;
}

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Containerd.Client.Native;

/// <summary>Waits until any of many descriptors is ready (epoll(7)). Every method may be called from any thread.</summary>
internal sealed class Epoll : IDisposable
{
    /// <summary>Bytes can be read. A FIFO reports nothing at all before its first writer came (trap T6).</summary>
    public const uint Readable = 0x1;

    /// <summary>Bytes can be written.</summary>
    public const uint Writable = 0x4;

    /// <summary>Report once, then stay silent until <see cref="Modify"/>.</summary>
    public const uint Once = 1u << 30;

    private const int Add_ = 1;
    private const int Delete_ = 2;
    private const int Modify_ = 3;

    // struct epoll_event is packed on x64 and on no other architecture: data is at 4 of 12 bytes there, else at 8 of 16.
    private static readonly int s_dataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;
    private static readonly int s_eventSize = s_dataOffset + 8;

    private readonly FileDescriptor _epoll;
    private readonly byte[] _ready;
    private readonly int _capacity;

    public Epoll(int capacity = 64)
    {
        var fd = LibC.EpollCreate(LibC.O_CLOEXEC);
        if (fd < 0)
            throw NativeException.Last("create an epoll");
        _epoll = new FileDescriptor(fd);
        _capacity = capacity;
        _ready = GC.AllocateArray<byte>(capacity * s_eventSize, pinned: true);
    }

    /// <summary>Begins to watch a descriptor; <paramref name="token"/> is what <see cref="Token"/> gives for it.</summary>
    public void Add(FileDescriptor fd, uint events, long token) => Control(Add_, fd, events, token);

    /// <summary>Changes what a watched descriptor is watched for.</summary>
    public void Modify(FileDescriptor fd, uint events, long token) => Control(Modify_, fd, events, token);

    /// <summary>Ends watching. Needed before a close too: a child just being forked may hold a copy of the descriptor.</summary>
    public void Remove(FileDescriptor fd) => Control(Delete_, fd, 0, 0);

    /// <summary>Waits for the next events, without end; says how many there are. Only one thread may wait.</summary>
    public unsafe int Wait()
    {
        fixed (byte* ready = _ready)
        {
            while (true)
            {
                var count = LibC.EpollWait(_epoll, ready, _capacity, -1);
                if (count >= 0)
                    return count;
                if (Marshal.GetLastPInvokeError() != Errno.EINTR)
                    throw NativeException.Last("wait for events");
            }
        }
    }

    /// <summary>The token of the event at that index of the last <see cref="Wait"/>.</summary>
    public long Token(int index) => BinaryPrimitives.ReadInt64LittleEndian(_ready.AsSpan(index * s_eventSize + s_dataOffset));

    public void Dispose() => _epoll.Dispose();

    private unsafe void Control(int operation, FileDescriptor fd, uint events, long token)
    {
        var epollEvent = stackalloc byte[16];
        var fields = new Span<byte>(epollEvent, 16);
        BinaryPrimitives.WriteUInt32LittleEndian(fields, events);
        BinaryPrimitives.WriteInt64LittleEndian(fields[s_dataOffset..], token);
        if (LibC.EpollCtl(_epoll, operation, fd, epollEvent) < 0)
            throw NativeException.Last("watch a descriptor");
    }
}

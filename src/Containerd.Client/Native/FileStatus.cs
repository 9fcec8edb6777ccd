using System.Runtime.InteropServices;

namespace Containerd.Client.Native;

/// <summary>What kind of thing a path names.</summary>
internal enum FileKind
{
    Other = 0,
    Fifo = 0x1000,
    CharacterDevice = 0x2000,
    Directory = 0x4000,
    BlockDevice = 0x6000,
    RegularFile = 0x8000,
    SymbolicLink = 0xA000,
    Socket = 0xC000,
}

/// <summary>What the kernel knows of a file (statx(2)), of which .NET tells only a part.</summary>
internal readonly record struct FileStatus
{
    private const int StatxSize = 256;
    private const uint BasicStats = 0x7FF;
    private const int TypeMask = 0xF000;
    private const int ModeMask = 0xFFF;

    private FileStatus(ReadOnlySpan<byte> statx)
    {
        // struct statx has one layout on every architecture, in the machine's byte order.
        Links = Read<uint>(statx, 16);
        Uid = Read<uint>(statx, 20);
        Gid = Read<uint>(statx, 24);
        int mode = Read<ushort>(statx, 28);
        Kind = (FileKind)(mode & TypeMask);
        Mode = (UnixFileMode)(mode & ModeMask);
        Inode = Read<ulong>(statx, 32);
        Size = (long)Read<ulong>(statx, 40);
        ModifiedAt = DateTimeOffset.FromUnixTimeSeconds(Read<long>(statx, 112)).AddTicks(Read<uint>(statx, 120) / 100);
        (DeviceMajor, DeviceMinor) = (Read<uint>(statx, 128), Read<uint>(statx, 132));
        FileSystem = ((ulong)Read<uint>(statx, 136) << 32) | Read<uint>(statx, 140);
    }

    public FileKind Kind { get; }

    public UnixFileMode Mode { get; }

    public uint Uid { get; }

    public uint Gid { get; }

    /// <summary>In bytes.</summary>
    public long Size { get; }

    /// <summary>How many names the file has.</summary>
    public uint Links { get; }

    /// <summary>With <see cref="FileSystem"/> the file's identity.</summary>
    public ulong Inode { get; }

    public ulong FileSystem { get; }

    public DateTimeOffset ModifiedAt { get; }

    /// <summary>The numbers of the device that a device node stands for.</summary>
    public uint DeviceMajor { get; }

    /// <inheritdoc cref="DeviceMajor"/>
    public uint DeviceMinor { get; }

    /// <summary>Of that very path, not of what it links to.</summary>
    /// <exception cref="NativeException">It can't be looked at.</exception>
    public static FileStatus Of(string path) => Of(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW, path);

    /// <summary>Whether that very path, not what it links to, is of that kind. A path that can't be looked at is of none.</summary>
    public static bool IsOfKind(string path, FileKind kind) =>
        TryOf(LibC.AT_FDCWD, path, LibC.AT_SYMLINK_NOFOLLOW) is { } status && status.Kind == kind;

    /// <summary>Of what a descriptor is open on.</summary>
    /// <exception cref="NativeException">It can't be looked at.</exception>
    public static FileStatus Of(SafeHandle descriptor, string path) =>
        Of((int)descriptor.DangerousGetHandle(), "", LibC.AT_SYMLINK_NOFOLLOW | LibC.AT_EMPTY_PATH, path);

    private static FileStatus Of(int directory, string name, int flags, string path) =>
        TryOf(directory, name, flags) ?? throw NativeException.Last("look at", path);

    private static unsafe FileStatus? TryOf(int directory, string name, int flags)
    {
        var statx = stackalloc byte[StatxSize];
        return LibC.Statx(directory, name, flags, BasicStats, statx) == 0 ? new FileStatus(new ReadOnlySpan<byte>(statx, StatxSize)) : null;
    }

    private static T Read<T>(ReadOnlySpan<byte> statx, int offset)
        where T : unmanaged => MemoryMarshal.Read<T>(statx[offset..]);
}

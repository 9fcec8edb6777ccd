using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Native;

/// <summary>
/// A hold on a file or directory (O_PATH) that was reached without following a single symbolic link, so that whoever can
/// write below cannot lead the reader elsewhere, not even while it reads.
/// </summary>
internal sealed class FilePath : SafeHandleMinusOneIsInvalid
{
    private const int MaxLink = 4096;

    private readonly string _path;
    private FileStatus? _status;

    private FilePath(int fd, string path)
        : base(ownsHandle: true)
    {
        SetHandle(fd);
        _path = path;
    }

    /// <summary>What it is.</summary>
    /// <exception cref="NativeException">It can't be looked at.</exception>
    public FileStatus Status => _status ??= FileStatus.Of(this, _path);

    /// <summary>Whether overlayfs uses it to say that a name of the layers below is gone: a character device 0:0.</summary>
    public bool IsWhiteout => Status is { Kind: FileKind.CharacterDevice, DeviceMajor: 0, DeviceMinor: 0 };

    /// <summary>Whether overlayfs hides the same directory of the layers below.</summary>
    public bool IsOpaque => HasXattr("trusted.overlay.opaque") || HasXattr("user.overlay.opaque");

    // An O_PATH descriptor itself can be neither read nor asked for attributes; this way leads to the very same file.
    private string ProcPath => $"/proc/self/fd/{handle}";

    /// <summary>A directory by its path, which may lead over links; null where there is none.</summary>
    /// <exception cref="NativeException">It is no directory, or can't be opened.</exception>
    public static FilePath? OpenDirectory(string path) => Open(LibC.AT_FDCWD, path, LibC.O_DIRECTORY, path);

    /// <summary>What this directory has under a name; a link is not followed. Null where there is nothing.</summary>
    /// <exception cref="NativeException">It can't be opened.</exception>
    public FilePath? Child(string name) => Open((int)handle, name, LibC.O_NOFOLLOW, $"{_path}/{name}");

    /// <summary>Where a symbolic link leads.</summary>
    /// <exception cref="NativeException">It can't be read.</exception>
    public unsafe string ReadLink()
    {
        var target = stackalloc byte[MaxLink];
        var length = LibC.ReadLinkAt((int)handle, "", target, MaxLink);
        return length >= 0 ? Encoding.UTF8.GetString(target, (int)length) : throw NativeException.Last("read the link", _path);
    }

    /// <summary>Opens a regular file's content.</summary>
    /// <exception cref="IOException">It can't be read.</exception>
    public FileStream OpenRead() => new(ProcPath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    protected override bool ReleaseHandle() => LibC.Close((int)handle) == 0;

    private static FilePath? Open(int directory, string name, int flags, string path)
    {
        var fd = LibC.OpenAt(directory, name, LibC.O_PATH | LibC.O_CLOEXEC | flags, 0);
        if (fd >= 0)
            return new FilePath(fd, path);
        return Marshal.GetLastPInvokeError() is Errno.ENOENT ? null : throw NativeException.Last("open", path);
    }

    private unsafe bool HasXattr(string name)
    {
        byte value;
        return LibC.GetXattr(ProcPath, name, &value, 1) == 1 && value == (byte)'y';
    }
}

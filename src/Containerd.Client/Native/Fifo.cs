using System.Runtime.InteropServices;

namespace Containerd.Client.Native;

/// <summary>Named pipes in the file system: made, recognised and removed.</summary>
internal static class Fifo
{
    /// <summary>Makes a FIFO that did not exist.</summary>
    /// <exception cref="NativeException">It can't be made.</exception>
    public static void Make(string path, UnixFileMode mode)
    {
        if (LibC.MakeFifo(path, (uint)mode) < 0)
            throw NativeException.Last("make the FIFO", path);
    }

    /// <summary>Whether that very path, not one it links to, is a FIFO. A path that can't be looked at is none.</summary>
    public static bool Exists(string path) => FileStatus.IsOfKind(path, FileKind.Fifo);

    /// <summary>Removes the path if it is a FIFO and nothing else; true if this call removed it.</summary>
    /// <exception cref="NativeException">It is a FIFO and can't be removed.</exception>
    public static bool Remove(string path)
    {
        if (!Exists(path))
            return false;
        if (LibC.Unlink(path) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.ENOENT ? false : throw NativeException.Last("remove the FIFO", path);
    }
}

using System.Runtime.InteropServices;

namespace Containerd.Client.Native;

/// <summary>Directories made exclusively and removed only when empty, which Directory of .NET does not tell apart.</summary>
internal static class Directories
{
    /// <summary>Makes a directory; false if there is something of that name already.</summary>
    /// <exception cref="NativeException">It can't be made.</exception>
    public static bool TryMake(string path, UnixFileMode mode)
    {
        if (LibC.MakeDirectory(path, (uint)mode) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.EEXIST ? false : throw NativeException.Last("make the directory", path);
    }

    /// <summary>Removes a directory if it is there and empty; true if this call removed it.</summary>
    /// <exception cref="NativeException">It is empty and can't be removed.</exception>
    public static bool TryRemove(string path)
    {
        if (LibC.RemoveDirectory(path) == 0)
            return true;
        return Marshal.GetLastPInvokeError() switch
        {
            Errno.ENOENT or Errno.ENOTEMPTY or Errno.EEXIST or Errno.EBUSY => false,
            _ => throw NativeException.Last("remove the directory", path),
        };
    }

    /// <summary>Gives a path (not what it links to) to a user and group; null leaves that half as it is.</summary>
    /// <exception cref="NativeException">It can't be given away; only root may give to others.</exception>
    public static void ChangeOwner(string path, uint? uid, uint? gid)
    {
        if ((uid ?? gid) is null)
            return;
        // -1 means "as it is" to chown(2).
        if (LibC.ChangeOwner(path, uid ?? uint.MaxValue, gid ?? uint.MaxValue) < 0)
            throw NativeException.Last("change the owner of", path);
    }
}

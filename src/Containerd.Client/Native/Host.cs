using System.Runtime.InteropServices;

namespace Containerd.Client.Native;

/// <summary>What only the host itself can do for us: signals to host processes, mounts, terminals.</summary>
internal static class Host
{
    /// <summary>Sends a signal to a process of the host; 0 only asks whether it is there. False if there is no such process.</summary>
    /// <exception cref="NativeException">The process is another user's, or there is no such signal.</exception>
    public static bool Signal(int pid, int signal)
    {
        // 0 and negative numbers mean whole groups of processes to kill(2): never what a caller with a pid wants.
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pid);
        if (LibC.Kill(pid, signal) == 0)
            return true;
        return Marshal.GetLastPInvokeError() == Errno.ESRCH ? false : throw NativeException.Last($"send signal {signal} to process", $"{pid}");
    }

    /// <summary>Unmounts what is mounted last at that very path; false if nothing is.</summary>
    /// <param name="target">The mount point.</param>
    /// <param name="detach">Take it out of the tree now although it is in use; it ends with its last user.</param>
    /// <exception cref="NativeException">It is in use (without <paramref name="detach"/>), or not ours to unmount.</exception>
    public static bool Unmount(string target, bool detach = false)
    {
        if (LibC.Unmount(target, LibC.UMOUNT_NOFOLLOW | (detach ? LibC.MNT_DETACH : 0)) == 0)
            return true;
        return Marshal.GetLastPInvokeError() switch
        {
            Errno.EINVAL or Errno.ENOENT => false,
            _ => throw NativeException.Last("unmount", target),
        };
    }

    /// <summary>Whether a descriptor (0 stdin, 1 stdout, 2 stderr) is a terminal.</summary>
    public static bool IsTerminal(int descriptor) => LibC.IsATty(descriptor) == 1;
}

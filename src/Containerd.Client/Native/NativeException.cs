using System.Runtime.InteropServices;

namespace Containerd.Client.Native;

/// <summary>A call to the operating system failed. The message says which call, on what and why, as <c>strerror</c> words it.</summary>
public sealed class NativeException : IOException
{
    /// <summary>Describes a failed call.</summary>
    /// <param name="attempt">What was attempted, e.g. <c>make the FIFO</c>.</param>
    /// <param name="subject">The path or number it was attempted on; empty where there is none.</param>
    /// <param name="errno">The error number that the system gave.</param>
    /// <param name="wayOut">What the user can do about it, if anything is known; empty otherwise.</param>
    public NativeException(string attempt, string subject, int errno, string wayOut = "")
        : base(Describe(attempt, subject, errno, wayOut), errno) => Errno = errno;

    /// <summary>The error number of the system (<c>errno</c>), e.g. 2 for ENOENT.</summary>
    public int Errno { get; }

    /// <summary>The failure of the call made last on this thread.</summary>
    internal static NativeException Last(string attempt, string subject = "", string wayOut = "") =>
        new(attempt, subject, Marshal.GetLastPInvokeError(), wayOut);

    private static string Describe(string attempt, string subject, int errno, string wayOut)
    {
        var on = subject.Length == 0 ? "" : $" '{subject}'";
        var then = wayOut.Length == 0 ? "" : $" {wayOut}";
        return $"Could not {attempt}{on}: {Marshal.GetPInvokeErrorMessage(errno)} (errno {errno}).{then}";
    }
}

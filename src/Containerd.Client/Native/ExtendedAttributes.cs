using System.Runtime.InteropServices;
using System.Text;

namespace Containerd.Client.Native;

/// <summary>The extended attributes of files that matter in an image: file capabilities, and what users put there.</summary>
internal static class ExtendedAttributes
{
    private const string Capability = "security.capability";
    private const string UserPrefix = "user.";

    /// <summary>The attributes of that very path, not of what it links to.</summary>
    /// <exception cref="NativeException">They can't be read.</exception>
    public static Dictionary<string, byte[]> Of(string path)
    {
        var attributes = new Dictionary<string, byte[]>();
        foreach (var name in Names(path))
        {
            if ((name == Capability || name.StartsWith(UserPrefix, StringComparison.Ordinal)) && Value(path, name) is { } value)
                attributes[name] = value;
        }

        return attributes;
    }

    private static unsafe string[] Names(string path)
    {
        var buffer = Read((data, size) => LibC.ListLinkXattr(path, data, size));
        if (buffer is not null)
            return Encoding.UTF8.GetString(buffer).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        return Marshal.GetLastPInvokeError() == Errno.ENOTSUP ? [] : throw NativeException.Last("list the attributes of", path);
    }

    private static unsafe byte[]? Value(string path, string name)
    {
        var value = Read((data, size) => LibC.GetLinkXattr(path, name, data, size));
        if (value is not null)
            return value;

        // Removed since it was listed.
        return Marshal.GetLastPInvokeError() == Errno.ENODATA ? null : throw NativeException.Last($"read the attribute {name} of", path);
    }

    private static unsafe byte[]? Read(ReadCall call)
    {
        while (true)
        {
            var size = call(null, 0);
            if (size <= 0)
                return size == 0 ? [] : null;
            var buffer = new byte[size];
            fixed (byte* data = buffer)
                size = call(data, buffer.Length);
            if (size >= 0)
                return buffer[..(int)size];

            // It grew between the two calls.
            if (Marshal.GetLastPInvokeError() != Errno.ERANGE)
                return null;
        }
    }

    private unsafe delegate nint ReadCall(byte* data, nint size);
}

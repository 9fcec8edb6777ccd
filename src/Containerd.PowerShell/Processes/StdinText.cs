using System.Buffers;
using System.Management.Automation;
using System.Text;

namespace Containerd.PowerShell.Processes;

/// <summary>How objects become the stdin of a process: a text or any other object is a line in UTF-8, bytes are taken as they are.</summary>
internal static class StdinText
{
    /// <summary>Writes an object.</summary>
    /// <param name="value">The object; null is nothing.</param>
    /// <param name="to">Takes its bytes.</param>
    public static void Write(object? value, IBufferWriter<byte> to)
    {
        switch (value is PSObject wrapped ? wrapped.BaseObject : value)
        {
            case null:
                break;
            case byte one:
                to.Write([one]);
                break;
            case byte[] bytes:
                to.Write(bytes);
                break;
            case var other:
                Encoding.UTF8.GetBytes(LanguagePrimitives.ConvertTo<string>(other), to);
                to.Write("\n"u8);
                break;
        }
    }
}

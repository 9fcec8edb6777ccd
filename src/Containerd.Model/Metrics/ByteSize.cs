using System.Globalization;

namespace Containerd;

/// <summary>Makes numbers of bytes readable, for views.</summary>
public static class ByteSize
{
    private static readonly string[] s_units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A number of bytes in the largest unit of which it is at least one, such as 1.5 MiB.</summary>
    /// <param name="bytes">The number of bytes.</param>
    /// <returns>The text.</returns>
    public static string Format(long bytes)
    {
        var unit = 0;
        double value = bytes;
        for (; Math.Abs(value) >= 1024 && unit < s_units.Length - 1; unit++)
            value /= 1024;
        return value.ToString(unit == 0 ? "0" : value < 100 ? "0.0" : "0", CultureInfo.InvariantCulture) + " " + s_units[unit];
    }
}

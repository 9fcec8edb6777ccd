using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>
/// What the daemon's own process may do, as far as it is known. The runtime cannot give a container more, and fails when it
/// is asked to: in a daemon that runs rootless or in a container itself the default wishes must be cut to this.
/// </summary>
/// <remarks>
/// A client on the daemon's host reads it from /proc with the daemon's process id; elsewhere it stays unknown. Source:
/// proc(5); setrlimit(2), which lets only CAP_SYS_RESOURCE raise a hard limit; capset(2).
/// </remarks>
public sealed record DaemonBounds
{
    /// <summary>Nothing is known.</summary>
    public static DaemonBounds Unknown { get; } = new();

    /// <summary>How many files the daemon may have open; null where unknown.</summary>
    public OpenFilesLimit? OpenFiles { get; init; }

    /// <summary>The capabilities the daemon has; null where unknown.</summary>
    public IReadOnlyList<string>? Capabilities { get; init; }

    /// <summary>Reads the bounds from the text of the daemon's files in /proc.</summary>
    /// <param name="limits">The text of <c>/proc/PID/limits</c>; null where it can't be read.</param>
    /// <param name="status">The text of <c>/proc/PID/status</c>; null where it can't be read.</param>
    public static DaemonBounds Parse(string? limits, string? status)
    {
        DaemonBounds bounds = Unknown;
        if (Line(limits, "Max open files")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var soft, var hard, ..]
            && Limit(soft) is { } softLimit && Limit(hard) is { } hardLimit)
            bounds = bounds with { OpenFiles = new(softLimit, hardLimit) };
        if (Line(status, "CapPrm:") is { } mask
            && ulong.TryParse(mask.Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits))
            bounds = bounds with { Capabilities = [.. Capability.All.Where((_, number) => (bits >> number & 1) != 0)] };
        return bounds;
    }

    private static string? Line(string? text, string start) =>
        text?.Split('\n').FirstOrDefault(line => line.StartsWith(start, StringComparison.Ordinal))?[start.Length..];

    private static ulong? Limit(string text) =>
        text == "unlimited" ? ulong.MaxValue : ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number) ? number : null;
}

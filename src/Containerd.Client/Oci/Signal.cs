using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>Linux signals by name and number.</summary>
/// <remarks>
/// The numbers are those of signal(7) on x86, Arm and most others; MIPS, SPARC, Alpha and PA-RISC differ and are not served.
/// The real-time signals are counted as the C library does (from 34), because that is what programs mean by them.
/// </remarks>
public static class Signal
{
    /// <summary>SIGTERM, which stops a process that cares.</summary>
    public const int Terminate = 15;

    /// <summary>SIGKILL, which stops any process.</summary>
    public const int Kill = 9;

    private const int RealTimeMin = 34;
    private const int RealTimeMax = 64;

    private static readonly string[] Names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    private static readonly FrozenDictionary<string, int> Numbers = Names
        .Select((name, index) => KeyValuePair.Create(name, index + 1))
        .Concat([new("IOT", 6), new("CLD", 17), new("POLL", 29), new("UNUSED", 31)])
        .ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The names of all signals but the real-time ones, such as <c>SIGTERM</c>, in the order of their numbers.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Names.Select(name => "SIG" + name)];

    /// <summary>
    /// The number of a signal: <c>SIGTERM</c>, <c>term</c>, <c>15</c>, <c>RTMIN+3</c>, <c>SIGRTMAX-1</c>. Also reads an image's StopSignal.
    /// </summary>
    /// <param name="text">The signal, in any letter case, with or without SIG.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">It is no signal.</exception>
    public static int Parse(string text, string parameter = "Signal") =>
        TryParse(text, out int number) ? number
            : throw new InvalidArgumentException(
                parameter, $"'{text}' is no signal; give a name such as SIGTERM, KILL or RTMIN+3, or a number from 1 to 64.");

    /// <summary>The number of a signal, as <see cref="Parse"/>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out int number)
    {
        number = 0;
        string name = text?.Trim() ?? "";
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int given))
        {
            number = given;
            return given is >= 1 and <= RealTimeMax;
        }

        if (name.StartsWith("SIG", StringComparison.OrdinalIgnoreCase))
            name = name[3..];
        return Numbers.TryGetValue(name, out number) || TryRealTime(name, out number);
    }

    /// <summary>A signal's name, such as <c>SIGTERM</c> or <c>SIGRTMIN+3</c>; the number itself where there is no name.</summary>
    public static string Name(int number) => number switch
    {
        >= 1 when number <= Names.Length => All[number - 1],
        RealTimeMin => "SIGRTMIN",
        > RealTimeMin and <= RealTimeMax => string.Create(CultureInfo.InvariantCulture, $"SIGRTMIN+{number - RealTimeMin}"),
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private static bool TryRealTime(string name, out int number)
    {
        number = 0;
        bool fromMin = name.StartsWith("RTMIN", StringComparison.OrdinalIgnoreCase);
        if (!fromMin && !name.StartsWith("RTMAX", StringComparison.OrdinalIgnoreCase))
            return false;
        int offset = 0;
        if (name.Length > 5
            && (name[5] != (fromMin ? '+' : '-') || !int.TryParse(name.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
            return false;
        if (offset > RealTimeMax - RealTimeMin)
            return false;
        number = fromMin ? RealTimeMin + offset : RealTimeMax - offset;
        return true;
    }
}

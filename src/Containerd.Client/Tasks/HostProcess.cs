using System.Globalization;
using System.Text;

namespace Containerd.Client.Tasks;

/// <summary>What /proc of this host tells of a process (proc(5)).</summary>
internal static class HostProcess
{
    // USER_HZ, the unit of times in /proc/pid/stat: 100 on every architecture that .NET runs on.
    private const double TicksPerSecond = 100;

    private static readonly Lazy<DateTimeOffset> s_bootTime = new(() =>
    {
        var line = File.ReadLines("/proc/stat").First(text => text.StartsWith("btime ", StringComparison.Ordinal));
        return DateTimeOffset.FromUnixTimeSeconds(long.Parse(line.AsSpan("btime ".Length), CultureInfo.InvariantCulture));
    });

    /// <summary>The process with its details; as it was where it has ended meanwhile.</summary>
    public static ContainerProcess Describe(ContainerProcess process)
    {
        try
        {
            var directory = $"/proc/{process.Pid}";
            var stat = File.ReadAllText(directory + "/stat");

            // The name stands in parentheses and may itself have some, and spaces.
            var end = stat.LastIndexOf(')');
            var fields = stat[(end + 2)..].Split(' ');
            return process with
            {
                Name = stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end],
                ParentPid = int.Parse(fields[1], CultureInfo.InvariantCulture),
                CpuTime = TimeSpan.FromSeconds((Number(fields[11]) + Number(fields[12])) / TicksPerSecond),
                Threads = (int)Number(fields[17]),
                StartedAt = s_bootTime.Value + TimeSpan.FromSeconds(Number(fields[19]) / TicksPerSecond),
                Memory = Number(fields[21]) * Environment.SystemPageSize,
                UserId = UserOf(directory),
                CommandLine = [.. Encoding.UTF8.GetString(File.ReadAllBytes(directory + "/cmdline")).Split('\0', StringSplitOptions.None).SkipLast(1)],
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return process;
        }
    }

    private static long Number(string field) => long.Parse(field, CultureInfo.InvariantCulture);

    private static int? UserOf(string directory)
    {
        var line = File.ReadLines(directory + "/status").FirstOrDefault(text => text.StartsWith("Uid:", StringComparison.Ordinal));
        return line is null ? null : int.Parse(line.Split('\t')[1], CultureInfo.InvariantCulture);
    }
}

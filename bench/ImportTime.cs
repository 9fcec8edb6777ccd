using System.Diagnostics;

namespace Containerd.Bench;

/// <summary>How much longer an engine takes to be there with the module imported than without.</summary>
internal static class ImportTime
{
    /// <summary>The median of the difference, each in fresh processes of pwsh.</summary>
    public static string Measure(int rounds)
    {
        var differences = new List<double>();
        for (var round = 0; round < rounds; round++)
        {
            var empty = Start("exit");
            differences.Add(Start($"Import-Module '{Tool.PathOf("Containerd.psd1")}'; exit") - empty);
        }

        return $"{Report.Median([.. differences]):F0} ms over an empty engine start (goal: at most 150 ms)";
    }

    private static double Start(string script)
    {
        var clock = Stopwatch.StartNew();
        Tool.Run("pwsh", ["-NoProfile", "-NonInteractive", "-Command", script]);
        return clock.Elapsed.TotalMilliseconds;
    }
}

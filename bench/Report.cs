using System.Globalization;
using System.Text;

namespace Containerd.Bench;

/// <summary>The results as a table of Markdown.</summary>
internal sealed class Report(string serverVersion)
{
    private readonly List<(Operation Operation, double Go, double Ours, double? Ctr)> _rounds = [];

    /// <summary>The import time, in words.</summary>
    public string? Import { get; set; }

    /// <summary>What a thousand execs leave, in words.</summary>
    public string? Leaks { get; set; }

    /// <summary>Adds a round of an operation: medians in milliseconds.</summary>
    public void Add(Operation operation, double go, double ours, double? ctr) => _rounds.Add((operation, go, ours, ctr));

    /// <summary>The middle one.</summary>
    public static double Median(double[] values)
    {
        Array.Sort(values);
        return values.Length % 2 == 1 ? values[values.Length / 2] : (values[(values.Length / 2) - 1] + values[values.Length / 2]) / 2;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"containerd {serverVersion}, {Environment.ProcessorCount} processors, .NET {Environment.Version}. Times are medians in milliseconds; ratios are the median of the rounds' (below 1: ours is faster).");
        text.AppendLine();
        text.AppendLine("| operation | ours (cmdlets) | Go client | ctr | ours / Go | goal | ours / ctr |");
        text.AppendLine("|---|---:|---:|---:|---:|---:|---:|");
        foreach (var rounds in _rounds.GroupBy(round => round.Operation))
        {
            var ratio = Median([.. rounds.Select(round => round.Ours / round.Go)]);
            var overCtr = rounds.All(round => round.Ctr is not null) ? Median([.. rounds.Select(round => round.Ours / round.Ctr!.Value)]) : (double?)null;
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {rounds.Key.Name} | {Median([.. rounds.Select(r => r.Ours)]):F2} | {Median([.. rounds.Select(r => r.Go)]):F2} | {(overCtr is null ? "–" : Median([.. rounds.Select(r => r.Ctr!.Value)]).ToString("F2", CultureInfo.InvariantCulture))} | {ratio:F2} | {rounds.Key.Goal?.ToString("F2", CultureInfo.InvariantCulture) ?? "–"} | {overCtr?.ToString("F2", CultureInfo.InvariantCulture) ?? "–"} |");
        }

        if (Import is not null)
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Importing the module: {Import}.");
        if (Leaks is not null)
            text.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"After 10 and after 1,000 execs: {Leaks}.");
        return text.ToString();
    }
}

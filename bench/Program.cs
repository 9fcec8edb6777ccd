// bench [FILTER] [--rounds N]: measures the module's cmdlets, in a real PowerShell engine, against containerd's Go client and
// against ctr, on one private containerd in one run. The three take turns, round after round, and what is reported is the
// median of each and the ratio round by round: machines are shared and noisy, ratios of one moment are not.
using Containerd.Bench;

var filter = args.FirstOrDefault(argument => !argument.StartsWith('-')) ?? "";
var roundsAt = Array.IndexOf(args, "--rounds");
var rounds = roundsAt >= 0 ? int.Parse(args[roundsAt + 1], System.Globalization.CultureInfo.InvariantCulture) : 5;
if (roundsAt >= 0 && filter == args[roundsAt + 1])
    filter = "";

using var module = new ModuleContender();
using var server = module.StartServer();
using var go = GoContender.Build(server);
var ctr = new CtrContender(server);
var report = new Report(server.Version);
try
{
    foreach (var operation in Operation.All.Where(operation => operation.Name.Contains(filter, StringComparison.OrdinalIgnoreCase)))
    {
        Console.Error.WriteLine(operation.Name);
        module.Prepare(operation);
        for (var round = 0; round < rounds; round++)
            report.Add(operation, go.Run(operation), module.Run(operation), ctr.Run(operation));
        module.CleanUp(operation);
    }

    if (filter.Length == 0 || "import".Contains(filter, StringComparison.OrdinalIgnoreCase))
        report.Import = ImportTime.Measure(rounds);
    if (filter.Length == 0 || "leaks".Contains(filter, StringComparison.OrdinalIgnoreCase))
        report.Leaks = module.MeasureLeaks();
}
finally
{
    module.StopServer();
}

Console.WriteLine(report);
return 0;

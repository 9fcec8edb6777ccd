namespace Containerd.Bench;

/// <summary>One thing that is measured, in the words of each contender.</summary>
/// <param name="Name">The Go client's name of it.</param>
/// <param name="Count">How often a round does it.</param>
/// <param name="Cmdlets">The pipeline a user would type; $i is the number of the repeat, $image the image's name.</param>
/// <param name="Ctr">The ctr command lines that do the same; null where ctr has no such command.</param>
/// <param name="Goal">The most that ours may take of the Go client's time.</param>
internal sealed record Operation(string Name, int Count, string Cmdlets, string[][]? Ctr, double? Goal)
{
    /// <summary>The id of the container that runs while processes in it are measured.</summary>
    public const string Target = "bench-target";

    /// <summary>How many containers are listed.</summary>
    public const int Listed = 1000;

    public static readonly Operation[] All =
    [
        new("version", 200, "Get-CtrVersion", [["version"]], null),
        new("create_delete", 30, "$null = New-CtrContainer \"b-$i\" -Image $image -Command true; Remove-CtrContainer \"b-$i\"",
            [["containers", "create", "{image}", "c-{i}", "true"], ["containers", "delete", "c-{i}"]], 1.15),
        new("run", 20, "Invoke-CtrContainer -Image $image -Command echo, hello", [["run", "--rm", "{image}", "r-{i}", "echo", "hello"]], 1.15),
        new("exec", 30, $"Invoke-CtrExec {Target} -Command echo, hi", [["tasks", "exec", "--exec-id", "x-{i}", Target, "echo", "hi"]], 1.15),
        new("exec_big", 3, $"Invoke-CtrExec {Target} -Command dd, if=/dev/zero, bs=65536, count=1024 -OutFile /dev/null -ErrorFile /dev/null",
            [["tasks", "exec", "--exec-id", "y-{i}", Target, "dd", "if=/dev/zero", "bs=65536", "count=1024"]], 1.0),
        new("stats", 100, $"Get-CtrStats {Target} -NoCpuPercent", [["tasks", "metrics", Target]], null),
        new("pids", 60, $"Get-CtrProcess {Target}", [["tasks", "ps", Target]], null),
        new("pause_resume", 30, $"Suspend-CtrTask {Target}; Resume-CtrTask {Target}", [["tasks", "pause", Target], ["tasks", "resume", Target]], 1.15),
        new("list", 10, "Get-CtrContainer", [["containers", "list"]], 2.0),
    ];

    /// <summary>True where the operation needs the running container.</summary>
    public bool NeedsTarget => Cmdlets.Contains(Target, StringComparison.Ordinal);
}

using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Containerd.Bench;

/// <summary>
/// containerd's official Go client, in one process as ours is. Its source, bench/goclient, is built with Debian's golang and
/// its package of the client's library.
/// </summary>
internal sealed class GoContender : IDisposable
{
    private static readonly string[] s_packages = ["golang-go", "golang-github-containerd-containerd-dev", "golang-github-opencontainers-specs-dev"];

    private readonly BenchServer _server;
    private readonly string _program;

    private GoContender(BenchServer server, string program) => (_server, _program) = (server, program);

    /// <summary>Builds the program.</summary>
    public static GoContender Build(BenchServer server)
    {
        if (!File.Exists("/usr/bin/go") || !Directory.Exists("/usr/share/gocode/src/github.com/containerd/containerd"))
        {
            Console.Error.WriteLine($"Installing {string.Join(", ", s_packages)} from Debian.");
            Tool.Run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", .. s_packages]);
        }

        var program = Path.Combine(Path.GetTempPath(), $"goclient-{Environment.ProcessId}");
        Tool.Run("go", ["build", "-o", program, "."], Tool.PathOf("bench/goclient"), ("GO111MODULE", "off"), ("GOPATH", "/usr/share/gocode"), ("GOFLAGS", ""));
        return new GoContender(server, program);
    }

    /// <summary>The median time of the operation in this round, in milliseconds.</summary>
    public double Run(Operation operation)
    {
        // The program multiplies its -n for cheap operations and takes five of exec_big; what it says of itself is what counts.
        var output = Tool.Run(_program, ["-a", _server.Socket, "-ns", _server.Namespace, "-image", BenchServer.Image, "-n", Math.Max(5, operation.Count / 4).ToString(CultureInfo.InvariantCulture), "-only", operation.Name]);
        using var row = JsonDocument.Parse(output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
        return row.RootElement.GetProperty("median_us").GetDouble() / 1000;
    }

    /// <summary>Removes the program.</summary>
    public void Dispose() => File.Delete(_program);
}

/// <summary>ctr, a process for each command, as a script would use it.</summary>
internal sealed class CtrContender(BenchServer server)
{
    private const int Most = 10;

    /// <summary>The median time of the operation in this round, in milliseconds; null where ctr cannot do it.</summary>
    public double? Run(Operation operation)
    {
        if (operation.Ctr is null)
            return null;
        var times = new double[Math.Min(Most, operation.Count)];
        for (var i = 0; i < times.Length; i++)
        {
            var id = $"{Environment.TickCount64:x}{i}";
            var clock = Stopwatch.StartNew();
            foreach (var line in operation.Ctr)
            {
                Tool.Run(server.CtrPath, ["-a", server.Socket, "-n", server.Namespace,
                    .. line.Select(word => word.Replace("{i}", id, StringComparison.Ordinal).Replace("{image}", BenchServer.Image, StringComparison.Ordinal))]);
            }

            times[i] = clock.Elapsed.TotalMilliseconds;
        }

        return Report.Median(times);
    }
}

/// <summary>Programs beside us.</summary>
internal static class Tool
{
    /// <summary>The absolute path of something in the repository.</summary>
    public static string PathOf(string relative)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "Containerd.slnx")))
            root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("The benchmarks run from a build inside the repository.");
        return Path.Combine(root, relative);
    }

    /// <summary>Runs a program to its end and gives its standard output; another exit code than 0 is an error.</summary>
    public static string Run(string program, IEnumerable<string> arguments, string? directory = null, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = directory ?? "/" };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();

        // Output is counted in megabytes where a benchmark writes much: only what is short is kept.
        using var kept = new MemoryStream();
        var buffer = new byte[1 << 16];
        int read;
        while ((read = process.StandardOutput.BaseStream.Read(buffer)) > 0)
        {
            if (kept.Length < 1 << 20)
                kept.Write(buffer, 0, read);
        }

        process.WaitForExit();
        return process.ExitCode == 0
            ? System.Text.Encoding.UTF8.GetString(kept.ToArray())
            : throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} exited with {process.ExitCode}: {error.GetAwaiter().GetResult()}");
    }
}

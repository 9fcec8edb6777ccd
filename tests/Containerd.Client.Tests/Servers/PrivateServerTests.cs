using System.Diagnostics;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Servers;

/// <summary>The private servers that every other test stands on: they are what they say, survive what tests do to them, and leave nothing.</summary>
public abstract class PrivateServerTests(ContainerdServer server, string version)
{
    [Fact]
    public async Task It_is_the_containerd_that_it_says()
    {
        var output = await server.CtrAsync("version");

        var serverPart = output[output.IndexOf("Server:", StringComparison.Ordinal)..];
        Assert.Matches($@"Version: +v?{version.Replace(".", @"\.", StringComparison.Ordinal)}", serverPart);
    }

    [Fact]
    public async Task The_test_image_runs_as_its_config_says()
    {
        var image = await server.ImportTestImageAsync(new TestImage
        {
            Name = "example.test/configured:1",
            User = "app",
            Env = ["PATH=/bin", "GREETING=good day"],
            Cmd = ["sh", "-c", "echo $GREETING; id -un; cat /extra/file"],
            Files = new Dictionary<string, string> { ["/extra/file"] = "from the second layer" },
            Compressed = true,
        });

        var output = await server.CtrAsync("run", "--rm", image, "configured");

        Assert.Equal("good day\napp\nfrom the second layer", output);
    }

    [Fact]
    public async Task A_container_outlives_the_daemon_and_is_there_after_a_restart()
    {
        var image = await server.ImportTestImageAsync();
        await server.CtrAsync("run", "--detach", image, "survivor", "sleep", "600");

        await server.KillAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => server.CtrAsync("version"));
        await server.RestartAsync();

        Assert.Contains("survivor", await server.CtrAsync("tasks", "list"), StringComparison.Ordinal);
        // Left running on purpose: disposing the fixture must take it away, and fails the class if it does not.
    }

    [Fact]
    public async Task Disposing_leaves_nothing_of_it_even_with_daemon_and_shims_dead_and_processes_frozen()
    {
        await using var other = await ContainerdServer.StartAsync(server.Generation);
        var image = await other.ImportTestImageAsync();
        await other.CtrAsync("run", "--detach", image, "running", "sh", "-c", "sleep 600 & sleep 600");
        await other.CtrAsync("run", "--detach", image, "frozen", "sleep", "600");
        await other.CtrAsync("tasks", "pause", "frozen");
        var elsewhere = other.NewNamespace();
        await other.ImportTestImageAsync(@namespace: elsewhere);
        await other.CtrAsync("--namespace", elsewhere, "run", "--detach", image, "killed", "sleep", "600");
        var shims = Processes("containerd-shim").Where(process => process.Command.Contains(other.Address, StringComparison.Ordinal)).ToList();
        Assert.Equal(3, shims.Count);
        Process.GetProcessById(shims.Single(shim => shim.Command.Contains("killed", StringComparison.Ordinal)).Id).Kill();
        await UntilAsync(() => File.ReadAllText(other.LogPath).Contains("cleaning up dead shim", StringComparison.Ordinal), "the daemon notices the death");
        using (var stop = Process.Start("kill", ["-STOP", $"{shims.Single(shim => shim.Command.Contains("running", StringComparison.Ordinal)).Id}"]))
            await stop.WaitForExitAsync();
        await other.KillAsync();
        var traces = ServerTraces.Of(other);
        Assert.Equal(3, traces.Left().Count(trace => trace.StartsWith("shim socket", StringComparison.Ordinal)));

        await other.DisposeAsync();

        Assert.Empty(traces.Left());
    }

    [Fact]
    public async Task A_test_process_that_dies_takes_its_server_along()
    {
        var directory = "/tmp/ctr-" + Guid.NewGuid().ToString("N")[..10];
        var suite = Path.GetFileName(Path.GetDirectoryName(server.BinDirectory))!;
        Directory.CreateDirectory(directory);
        // The stand-in for a test process: it holds the guard's input until it is killed.
        using var parent = Process.Start(new ProcessStartInfo("bash", ["-c", "exec > >(exec setsid bash \"$@\" >/dev/null); echo start; exec sleep 600", "bash",
            Repository.PathOf("tests/Servers/server.sh"), suite, directory, "tdies"]))!;
        await UntilAsync(() => File.Exists(directory + "/c.sock"), "the server starts");

        parent.Kill();

        await UntilAsync(() => !Directory.Exists(directory), "the server's directory is gone");
        await UntilAsync(() => !Processes("containerd").Any(process => process.Command.Contains(directory, StringComparison.Ordinal)), "the daemon is gone");
    }

    private static IEnumerable<(int Id, string Command)> Processes(string name) =>
        from directory in Directory.EnumerateDirectories("/proc")
        where int.TryParse(Path.GetFileName(directory), out _) && File.Exists(directory + "/cmdline")
        let command = CommandOf(directory)
        where command.Contains(name, StringComparison.Ordinal)
        select (int.Parse(Path.GetFileName(directory), System.Globalization.CultureInfo.InvariantCulture), command);

    private static string CommandOf(string directory)
    {
        try
        {
            return File.ReadAllText(directory + "/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }

    private static async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); await Task.Delay(20))
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), $"waited 20 s until {what}");
    }
}

public sealed class PrivateServerTests16(Server16 server) : PrivateServerTests(server, "1.6."), IClassFixture<Server16>;

public sealed class PrivateServerTests17(Server17 server) : PrivateServerTests(server, "1.7."), IClassFixture<Server17>;

public sealed class PrivateServerTests2(Server2 server) : PrivateServerTests(server, "2."), IClassFixture<Server2>;

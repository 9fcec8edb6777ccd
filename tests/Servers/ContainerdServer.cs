using System.Diagnostics;
using System.Net.Sockets;
using Xunit;

namespace Containerd.Testing;

/// <summary>
/// One private containerd of a given generation: its own root, state, socket, log and containerd namespace, in a directory of
/// its own. <c>tests/Servers/server.sh</c> starts and ends the daemon and cleans up after it, also when the test process dies;
/// <see cref="DisposeAsync"/> then looks for itself, and fails if anything of the server is left on the machine.
/// </summary>
public class ContainerdServer : IAsyncLifetime
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);
    private static readonly string Servers = Environment.GetEnvironmentVariable("CTR_SERVERS") is { Length: > 0 } set ? set : "/opt/ctr-servers";

    private readonly string _suite;
    private Process? _guard;
    private int _namespaces;

    /// <summary>A server that is not started yet: <see cref="InitializeAsync"/> or <see cref="StartAsync"/> starts it.</summary>
    public ContainerdServer(ServerGeneration generation)
    {
        Generation = generation;
        _suite = generation switch
        {
            ServerGeneration.Containerd16 => "bookworm",
            ServerGeneration.Containerd17 => "trixie",
            _ => "sid",
        };
        // Short, because the path of a Unix socket has at most 107 bytes; random, because runc keeps its state by namespace
        // under /run/containerd/runc, whichever server asked for it.
        var id = Guid.NewGuid().ToString("N")[..10];
        Namespace = "t" + id;
        Directory = "/tmp/ctr-" + id;
    }

    /// <summary>Which containerd this is.</summary>
    public ServerGeneration Generation { get; }

    /// <summary>The containerd namespace that this server's tests use; no other server uses it.</summary>
    public string Namespace { get; }

    /// <summary>The directory of everything that the server owns.</summary>
    public string Directory { get; }

    /// <summary>The path of the gRPC socket.</summary>
    public string Address => Directory + "/c.sock";

    /// <summary>The daemon's log, all its lives in one file.</summary>
    public string LogPath => Directory + "/log";

    /// <summary>The TMPDIR of the daemon, where it makes temporary mounts and forgets checkpoints.</summary>
    public string TempDirectory => Directory + "/tmp";

    /// <summary>The daemon's process id, 0 while it is dead.</summary>
    public int DaemonId { get; private set; }

    /// <summary>This generation's own <c>ctr</c>.</summary>
    public string CtrPath => Path.Combine(BinDirectory, "ctr");

    /// <summary>The directory with this generation's containerd, ctr, shim, runc and criu.</summary>
    public string BinDirectory => Path.Combine(Servers, _suite, "bin");

    /// <summary>A started server.</summary>
    public static async Task<ContainerdServer> StartAsync(ServerGeneration generation)
    {
        var server = new ContainerdServer(generation);
        try
        {
            await server.InitializeAsync();
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
        return server;
    }

    /// <summary>Starts the server and waits until it serves.</summary>
    /// <exception cref="InvalidOperationException">This generation is not installed, or the daemon does not come up.</exception>
    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Path.Combine(BinDirectory, "containerd")))
            throw new InvalidOperationException(
                $"These tests did not run: {Generation} is not on this machine ({BinDirectory}/containerd is missing). Run tests/Servers/install.sh as root.");
        System.IO.Directory.CreateDirectory(Directory);
        // A session of its own keeps Ctrl+C in the terminal from reaching it before the tests are done with the server.
        var start = new ProcessStartInfo("setsid", ["bash", Repository.PathOf("tests/Servers/server.sh"), _suite, Directory, Namespace])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        _guard = Process.Start(start)!;
        await StartDaemonAsync();
    }

    /// <summary>Another containerd namespace that only this server uses, and that is cleaned up with it.</summary>
    public string NewNamespace() => $"{Namespace}-{Interlocked.Increment(ref _namespaces)}";

    /// <summary>Kills the daemon with SIGKILL, as a crash would. Shims and containers go on.</summary>
    public async Task KillAsync()
    {
        await OrderAsync("kill", "killed");
        DaemonId = 0;
    }

    /// <summary>Kills the daemon if it lives, and starts it again on the same root, state and socket.</summary>
    public async Task RestartAsync()
    {
        if (DaemonId != 0)
            await KillAsync();
        await StartDaemonAsync();
    }

    /// <summary>
    /// Runs this generation's <c>ctr</c> on this server, in <see cref="Namespace"/> unless the arguments name one: what another client sees.
    /// </summary>
    /// <returns>What it wrote to standard output.</returns>
    /// <exception cref="InvalidOperationException">It exited with another code than 0; the message has its standard error.</exception>
    public async Task<string> CtrAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(CtrPath, ["--address", Address, "--namespace", Namespace, .. WithFifosHere(arguments)])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PATH"] = BinDirectory + ":" + Environment.GetEnvironmentVariable("PATH");
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        try
        {
            await process.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"ctr {string.Join(' ', arguments)} did not end within two minutes.");
        }
        return process.ExitCode == 0
            ? await output
            : throw new InvalidOperationException($"ctr {string.Join(' ', arguments)} exited with {process.ExitCode}: {await error}");
    }

    /// <summary>Makes a <see cref="TestImage"/> and imports and unpacks it with <c>ctr</c>.</summary>
    /// <returns>The image's name.</returns>
    public async Task<string> ImportTestImageAsync(TestImage? image = null, string? @namespace = null)
    {
        image ??= new TestImage();
        var path = Path.Combine(TempDirectory, Guid.NewGuid().ToString("N") + ".tar");
        await File.WriteAllBytesAsync(path, image.ToOciLayoutTar());
        await CtrAsync("--namespace", @namespace ?? Namespace, "images", "import", path);
        File.Delete(path);
        return image.Name;
    }

    /// <summary>Ends the server and takes everything of it away.</summary>
    /// <exception cref="InvalidOperationException">Something of it is left: a process, a mount, a directory, a socket.</exception>
    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_guard is not { } guard)
            return;
        _guard = null;
        var traces = ServerTraces.Of(this);
        guard.StandardInput.Close();
        var complaints = await guard.StandardError.ReadToEndAsync();
        await guard.WaitForExitAsync();
        guard.Dispose();
        var left = traces.Left();
        if (left.Count > 0)
            throw new InvalidOperationException(
                $"Left behind by the private {Generation} in {Directory}:{Environment.NewLine}{string.Join(Environment.NewLine, left)}{Environment.NewLine}{complaints}");
    }

    /// <summary>ctr forgets the FIFOs of a detached process in /run/containerd/fifo for ever; in the server's directory they go with it.</summary>
    private IEnumerable<string> WithFifosHere(string[] arguments)
    {
        var command = Array.FindIndex(arguments, argument => argument is "run" or "start" or "exec");
        return command < 0 ? arguments : [.. arguments[..(command + 1)], "--fifo-dir", Directory + "/fifo", .. arguments[(command + 1)..]];
    }

    private async Task StartDaemonAsync()
    {
        var answer = await OrderAsync("start", "started ");
        DaemonId = int.Parse(answer["started ".Length..], System.Globalization.CultureInfo.InvariantCulture);
        // containerd opens its socket when every plugin is loaded: whoever can connect is served.
        for (var waited = Stopwatch.StartNew(); !CanConnect(); await Task.Delay(10))
            if (waited.Elapsed > StartTimeout || !System.IO.Directory.Exists($"/proc/{DaemonId}"))
                throw new InvalidOperationException($"The private {Generation} did not come up. Its log ends: {await LogTailAsync()}");
    }

    private bool CanConnect()
    {
        // A killed daemon leaves its socket file, which refuses.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(Address));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private async Task<string> OrderAsync(string order, string expected)
    {
        var guard = _guard ?? throw new InvalidOperationException("The server is not started.");
        await guard.StandardInput.WriteLineAsync(order);
        await guard.StandardInput.FlushAsync();
        var answer = await guard.StandardOutput.ReadLineAsync();
        return answer?.StartsWith(expected, StringComparison.Ordinal) == true
            ? answer
            : throw new InvalidOperationException($"server.sh answered '{answer}' to '{order}'.");
    }

    private async Task<string> LogTailAsync() =>
        string.Join(Environment.NewLine, (File.Exists(LogPath) ? await File.ReadAllLinesAsync(LogPath) : []).TakeLast(10));
}

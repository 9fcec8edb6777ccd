using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using Containerd.Client.Connection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Servers;

/// <summary>
/// A containerd of one's own, for tests, demos and CI. A guard script holds the daemon; when this process ends, however it
/// ends, the guard reads the end of its input and takes the daemon, its shims, containers, mounts and files away.
/// </summary>
public sealed class PrivateServer : IDisposable
{
    private const string ScriptName = "private-server.sh";

    // What a private server has no use for: CRI listens on ports and needs CNI, NRI and opt write outside of its directory.
    private const string DisabledPlugins =
        """
        "io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.nri.v1.nri", "io.containerd.internal.v1.opt"
        """;

    private static readonly TimeSpan s_stopTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _guard;

    private PrivateServer(Process guard, Server info) => (_guard, Info) = (guard, info);

    /// <summary>Where it is and what it is.</summary>
    public Server Info { get; }

    /// <summary>Starts a private containerd and waits until it serves.</summary>
    /// <param name="options">How to start it.</param>
    /// <param name="cancellationToken">Gives up; nothing is left then.</param>
    /// <returns>The server, which ends with this process unless it is detached.</returns>
    /// <exception cref="NotFoundException">There is no containerd on PATH or at the path.</exception>
    /// <exception cref="TimeoutException">It did not serve in time; the message has the end of its log.</exception>
    public static async Task<PrivateServer> StartAsync(PrivateServerOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!OperatingSystem.IsLinux())
            throw new ContainerdException("A private containerd can be started on Linux only.", ServerStatus.Unimplemented);
        if (!Environment.IsPrivilegedProcess)
            throw new UnauthorizedAccessException("A private containerd needs root: it mounts file systems and makes cgroups.");
        var program = FindProgram(options.Path);
        var token = Convert.ToHexString(RandomNumberGenerator.GetBytes(5)).ToLowerInvariant();
        var containerdNamespace = "ctr-" + token;
        var directory = System.IO.Path.GetFullPath(options.Directory ?? System.IO.Path.Combine(System.IO.Path.GetTempPath(), containerdNamespace));
        var address = ServerAddress.Parse(directory + "/c.sock");
        if (Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            throw new InvalidArgumentException("Directory", $"The directory '{directory}' is not empty: everything in a private server's directory is removed with it.");
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        var script = WriteFiles(directory, address);
        var guard = StartGuard(script, directory, containerdNamespace, program, options.Detached);
        try
        {
            if (!options.Detached)
                await guard.StandardInput.WriteLineAsync("start".AsMemory(), cancellationToken).ConfigureAwait(false);
            var pid = await ReadPidAsync(guard, cancellationToken).ConfigureAwait(false);
            var version = await WaitUntilServingAsync(address, options.StartTimeout, directory, pid, cancellationToken).ConfigureAwait(false);
            return new PrivateServer(guard, new Server
            {
                Address = address.ToString(),
                Namespace = containerdNamespace,
                Version = version,
                Directory = directory,
                LogPath = directory + "/log",
                Pid = pid,
                GuardPid = guard.Id,
                Detached = options.Detached,
            });
        }
        catch
        {
            await StopGuardAsync(guard.Id, directory).ConfigureAwait(false);
            guard.Dispose();
            throw;
        }
    }

    /// <summary>Stops a private server and takes everything of it away, also one that another process started detached.</summary>
    /// <param name="server">The server.</param>
    /// <returns>Completes when nothing of it is left.</returns>
    /// <exception cref="NotFoundException">It does not run (any more).</exception>
    /// <exception cref="TimeoutException">Its guard did not end in time.</exception>
    public static Task StopAsync(Server server)
    {
        ArgumentNullException.ThrowIfNull(server);
        return IsGuard(server.GuardPid, server.Directory)
            ? StopGuardAsync(server.GuardPid, server.Directory)
            : throw new NotFoundException(ResourceKind.Server, server.Address, $"No private server runs in '{server.Directory}': it was stopped already.");
    }

    /// <summary>Finds a private server by the address of its socket or by its directory.</summary>
    /// <param name="addressOrDirectory">The address or directory.</param>
    /// <returns>The server, with the version unknown (empty): only its files are read.</returns>
    /// <exception cref="NotFoundException">No private server runs there.</exception>
    public static Server Find(string addressOrDirectory)
    {
        ArgumentNullException.ThrowIfNull(addressOrDirectory);
        var path = addressOrDirectory.Contains("://", StringComparison.Ordinal) ? ServerAddress.Parse(addressOrDirectory).Target : addressOrDirectory;
        var directory = System.IO.Path.GetFullPath(path.EndsWith("/c.sock", StringComparison.Ordinal) ? path[..^"/c.sock".Length] : path);
        var guardFile = directory + "/guard.pid";
        if (!File.Exists(guardFile) || !TryReadPid(guardFile, out var guard) || !IsGuard(guard, directory))
            throw new NotFoundException(ResourceKind.Server, addressOrDirectory, $"No private server runs at '{addressOrDirectory}': Start-CtrServer starts one.");
        TryReadPid(directory + "/pid", out var pid);
        return new Server
        {
            Address = ServerAddress.Parse(directory + "/c.sock").ToString(),
            Namespace = "",
            Version = "",
            Directory = directory,
            LogPath = directory + "/log",
            Pid = pid,
            GuardPid = guard,
            Detached = true,
        };
    }

    /// <summary>Lets go of the guard; an attached server ends with this process all the same.</summary>
    public void Dispose() => _guard.Dispose();

    private static string FindProgram(string? path)
    {
        string[] places = path is null
            ? [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries), "/usr/local/bin", "/usr/bin", "/usr/sbin"]
            : [System.IO.Path.GetFullPath(path)];
        var candidates = path is not null && File.Exists(path) ? places : places.Select(place => System.IO.Path.Combine(place, "containerd"));
        return candidates.FirstOrDefault(File.Exists) ?? throw new NotFoundException(
            ResourceKind.File, path ?? "containerd", path is null
                ? "There is no containerd on PATH: install it (Debian: apt-get install containerd runc), or name it with -Path."
                : $"There is no containerd at '{path}'.");
    }

    private static string WriteFiles(string directory, ServerAddress address)
    {
        // Version 2 of the configuration is read by every containerd from 1.3 on; 2.x migrates it by itself.
        File.WriteAllText(directory + "/config.toml",
            $"""
            version = 2
            root = "{directory}/root"
            state = "{directory}/state"
            disabled_plugins = [{DisabledPlugins.Trim()}]
            [grpc]
              address = "{address.Target}"
            [ttrpc]
              address = "{directory}/c.ttrpc"

            """);
        var script = System.IO.Path.Combine(directory, ScriptName);
        using var source = Assembly.GetExecutingAssembly().GetManifestResourceStream(ScriptName)
            ?? throw new InvalidOperationException($"The resource {ScriptName} is missing from the assembly.");
        using var file = File.Create(script);
        source.CopyTo(file);
        return script;
    }

    private static Process StartGuard(string script, string directory, string containerdNamespace, string program, bool detached)
    {
        // A session of its own keeps Ctrl+C at the terminal from reaching it.
        var start = new ProcessStartInfo("setsid", ["bash", script, directory, containerdNamespace, .. detached ? ["detached"] : Array.Empty<string>()])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["CONTAINERD"] = program;
        var beside = System.IO.Path.GetDirectoryName(program)!;
        start.Environment["PATH"] = $"{beside}:{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin";
        var guard = Process.Start(start) ?? throw new InvalidOperationException("The guard of the private server did not start.");
        File.WriteAllText(directory + "/guard.pid", guard.Id.ToString(CultureInfo.InvariantCulture));
        return guard;
    }

    private static async Task<int> ReadPidAsync(Process guard, CancellationToken cancellationToken)
    {
        var answer = await guard.StandardOutput.ReadLineAsync(cancellationToken).ConfigureAwait(false);
        if (answer is null || !answer.StartsWith("started ", StringComparison.Ordinal))
        {
            var complaint = await guard.StandardError.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            throw new ContainerdException($"The guard of the private server did not start containerd: {complaint.Trim()}");
        }

        return int.Parse(answer.AsSpan("started ".Length), CultureInfo.InvariantCulture);
    }

    private static async Task<string> WaitUntilServingAsync(
        ServerAddress address, TimeSpan timeout, string directory, int pid, CancellationToken cancellationToken)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var serving = AskVersionAsync(address, timeout, ended.Token);
        while (await Task.WhenAny(serving, Task.Delay(100, cancellationToken)).ConfigureAwait(false) != serving)
        {
            if (Directory.Exists($"/proc/{pid}"))
                continue;
            await ended.CancelAsync().ConfigureAwait(false);
            throw new ContainerdException($"The private containerd ended while it was starting. Its log ends: {LogTail(directory)}");
        }

        try
        {
            return await serving.ConfigureAwait(false);
        }
        catch (ConnectionException e)
        {
            throw new TimeoutException($"The private containerd did not serve within {timeout}. Its log ends: {LogTail(directory)}", e);
        }
    }

    private static async Task<string> AskVersionAsync(ServerAddress address, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var channel = new ContainerdChannel(new ConnectionOptions { Address = address, ConnectTimeout = timeout });
        var scope = new CallScope(channel, "default");
        await ServingWait.UntilServingAsync(scope, cancellationToken).ConfigureAwait(false);
        var versions = new Wire.Version.Version.VersionClient(scope.Invoker);
        var version = await scope.CallAsync(
            new Attempt("ask for the version", ResourceKind.Server, address.ToString()), o => versions.VersionAsync(new Empty(), o), cancellationToken)
            .ConfigureAwait(false);
        return version.Version;
    }

    private static async Task StopGuardAsync(int guardPid, string directory)
    {
        if (!IsGuard(guardPid, directory))
            return;
        using var guard = Process.GetProcessById(guardPid);
        using var kill = Process.Start("kill", ["-TERM", guardPid.ToString(CultureInfo.InvariantCulture)]);
        using var timeout = new CancellationTokenSource(s_stopTimeout);
        try
        {
            await guard.WaitForExitAsync(timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            throw new TimeoutException($"The private server in '{directory}' was told to stop and its guard (process {guardPid}) did not end within {s_stopTimeout}.", e);
        }

        if (Directory.Exists(directory))
            throw new ContainerdException($"The private server in '{directory}' has ended but could not be removed whole: look there for what is left.");
    }

    // A process id may have been given to another process since: the guard is known by its command line.
    private static bool IsGuard(int pid, string directory)
    {
        try
        {
            var arguments = File.ReadAllText($"/proc/{pid}/cmdline").Split('\0');
            return arguments.Contains(directory + "/" + ScriptName);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static bool TryReadPid(string file, out int pid)
    {
        pid = 0;
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out pid);
    }

    private static string LogTail(string directory)
    {
        var log = directory + "/log";
        return File.Exists(log) ? string.Join(Environment.NewLine, File.ReadLines(log).TakeLast(5)) : "(there is no log)";
    }
}

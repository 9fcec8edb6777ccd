using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Containerd.Client.Connection;
using Containerd.Client.Io;
using Containerd.Client.Native;

namespace Containerd.Client.Tasks;

/// <summary>
/// Where the logs of detached tasks lie: one file for each container, which only its owner can read. The shim appends to it by itself, so
/// it goes on when the client is gone. A log's name holds the time its container was made: another container of the same
/// id never gets to see it.
/// </summary>
internal sealed class LogDirectory
{
    private const string Name = "containerd-powershell";
    private const string Extension = ".log";

    // Sixteen digits: the container's creation in ticks of 100 ns, in hexadecimal.
    private const int StampLength = 16;

    private readonly string _directory;

    public LogDirectory(ServerAddress address, string containerdNamespace) =>
        _directory = Path.Combine(RootFor(address), containerdNamespace);

    /// <summary>The log of a container, whether it is there or not.</summary>
    public string PathOf(string id, DateTimeOffset createdAt) =>
        Path.Combine(_directory, $"{id}.{createdAt.UtcTicks.ToString("x16", CultureInfo.InvariantCulture)}{Extension}");

    /// <summary>Makes a container's log, where it is missing, and removes those of earlier containers of its id.</summary>
    /// <returns>Its path.</returns>
    /// <exception cref="IOException">It can't be made.</exception>
    public string Make(string id, DateTimeOffset createdAt)
    {
        var path = PathOf(id, createdAt);
        FileSink.Open(path, append: true).Dispose();
        foreach (var other in LogsOf(id).Where(other => other != path))
            File.Delete(other);
        return path;
    }

    /// <summary>Removes the logs of a container's id, and the directories that hold nothing else.</summary>
    public void Remove(string id)
    {
        var found = false;
        foreach (var path in LogsOf(id))
        {
            File.Delete(path);
            found = true;
        }

        if (found && OperatingSystem.IsLinux() && Native.Directories.TryRemove(_directory) && Path.GetDirectoryName(_directory) is { } root)
            Native.Directories.TryRemove(root);
    }

    private IEnumerable<string> LogsOf(string id) => !Directory.Exists(_directory) ? [] : Directory.EnumerateFiles(_directory, $"{id}.*{Extension}")
        .Where(path => Path.GetFileName(path).Length == id.Length + 1 + StampLength + Extension.Length);

    /// <summary>
    /// Beside the socket of a server that has a private directory, as test servers have: the logs then go when it goes. For all others
    /// under the system's or the user's directory for state, because /run is kept in memory.
    /// </summary>
    private static string RootFor(ServerAddress address)
    {
        if (OperatingSystem.IsLinux() && address.Transport == ServerTransport.UnixSocket && Path.GetDirectoryName(address.Target) is { } beside && IsPrivate(beside))
            return Path.Combine(beside, "logs");
        var server = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(address.ToString()))).ToLowerInvariant()[..8];
        return Path.Combine(StateDirectory(), Name, server);
    }

    private static bool IsPrivate(string directory)
    {
        if (directory == "/" || directory.StartsWith("/run/", StringComparison.Ordinal) || directory.StartsWith("/var/run/", StringComparison.Ordinal))
            return false;
        try
        {
            var status = FileStatus.Of(directory);
            return status.Kind == FileKind.Directory && status.Uid == LibC.EffectiveUserId() && (status.Mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == 0;
        }
        catch (NativeException)
        {
            return false;
        }
    }

    private static string StateDirectory()
    {
        if (!OperatingSystem.IsLinux())
            return Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData);
        if (Environment.IsPrivilegedProcess)
            return "/var/lib";
        return Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
    }
}

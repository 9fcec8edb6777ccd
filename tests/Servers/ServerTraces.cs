using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Containerd.Testing;

/// <summary>All the places where a private server could leave something on the machine, looked at without help from what cleans them.</summary>
internal sealed partial class ServerTraces
{
    private readonly string _directory;
    private readonly string _namespace;
    private readonly string[] _shimSockets;

    private ServerTraces(string directory, string @namespace, string[] shimSockets) =>
        (_directory, _namespace, _shimSockets) = (directory, @namespace, shimSockets);

    /// <summary>Notes what will be nameable no longer once the server's directory is gone.</summary>
    public static ServerTraces Of(ContainerdServer server)
    {
        var bundles = Path.Combine(server.Directory, "state/io.containerd.runtime.v2.task");
        var addresses =
            from file in Directory.Exists(bundles) ? Directory.EnumerateFiles(bundles, "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 2 }) : []
            where Path.GetFileName(file) is "address" or "bootstrap.json"
            select ShimSocket().Match(ReadOrEmpty(file)).Value;
        // containerd removes a dead shim's bundle and leaves its socket, whose name is a hash of address, namespace and id.
        var dead =
            from Match death in DeadShim().Matches(ReadOrEmpty(server.LogPath))
            let hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{server.Address}/{death.Groups["namespace"].Value}/{death.Groups["id"].Value}"))
            select "/run/containerd/s/" + Convert.ToHexStringLower(hash);
        var sockets = addresses.Concat(dead).Where(path => path.Length > 0);
        return new ServerTraces(server.Directory, server.Namespace, [.. sockets.Distinct()]);
    }

    /// <summary>What of the server is there now, each named as an admin would look for it.</summary>
    public IReadOnlyList<string> Left()
    {
        var left = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            // A zombie is its parent's to reap and holds nothing.
            if (ReadOrEmpty(process + "/status").Contains("\nState:\tZ", StringComparison.Ordinal))
                continue;
            var command = ReadOrEmpty(process + "/cmdline").Replace('\0', ' ');
            if (command.Contains(_directory, StringComparison.Ordinal) || ReadOrEmpty(process + "/cgroup").Contains("/" + _namespace, StringComparison.Ordinal))
                left.Add($"process {Path.GetFileName(process)}: {command}");
        }
        left.AddRange(File.ReadLines("/proc/self/mountinfo").Where(line => line.Contains(_directory, StringComparison.Ordinal)).Select(line => "mount " + line));
        left.AddRange(_shimSockets.Where(File.Exists).Select(path => "shim socket " + path));
        if (Directory.Exists(_directory))
            left.Add("directory " + _directory);
        if (Directory.Exists("/run/containerd/runc"))
            left.AddRange(Directory.EnumerateDirectories("/run/containerd/runc", _namespace + "*").Select(path => "runc state " + path));
        left.AddRange(Directory.EnumerateDirectories("/sys/fs/cgroup", _namespace + "*", new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 3 })
            .Select(path => "cgroup " + path));
        return left;
    }

    private static string ReadOrEmpty(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            // A process that ended, a bundle removed meanwhile.
            return "";
        }
    }

    [GeneratedRegex("/run/containerd/s/[0-9a-f]+")]
    private static partial Regex ShimSocket();

    [GeneratedRegex("\"cleaning up after shim disconnected\" id=(?<id>[^ ]+) namespace=(?<namespace>[^ \n]+)")]
    private static partial Regex DeadShim();
}

using System.Runtime.Versioning;
using System.Security.Cryptography;
using Containerd.Client.Native;

namespace Containerd.Client.Io;

/// <summary>
/// A private directory with the FIFOs of one process. Deleting it removes the FIFOs it made and then the directory if
/// nothing else is in it, never more (trap T28).
/// </summary>
public sealed class FifoDirectory : IDisposable
{
    /// <summary>Where containerd's own Go client puts its FIFOs too.</summary>
    public const string DefaultRoot = "/run/containerd/fifo";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly List<string> _fifos = [];

    private FifoDirectory(string path) => Path = path;

    /// <summary>The directory itself.</summary>
    public string Path { get; }

    /// <summary>Makes the directory, with a name nobody can guess, under a root that is made too where it is missing.</summary>
    /// <param name="root">The root; absolute, since the daemon must find the FIFOs by the same path.</param>
    /// <param name="uid">The owner of the directory and its FIFOs; null: the caller.</param>
    /// <param name="gid">The group of the directory and its FIFOs; null: the caller's.</param>
    /// <exception cref="IOException">The directory can't be made, e.g. because the root is not ours to write.</exception>
    public static FifoDirectory Create(string root = DefaultRoot, uint? uid = null, uint? gid = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        if (!System.IO.Path.IsPathFullyQualified(root))
            throw new ArgumentException($"The daemon needs an absolute path to find FIFOs, not '{root}'.", nameof(root));
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("FIFOs are how processes of a containerd on Linux are attached to; this system is none.");
        try
        {
            var directory = new FifoDirectory(MakeUnique(root));
            try
            {
                Directories.ChangeOwner(directory.Path, uid, gid);
            }
            catch
            {
                directory.Delete();
                throw;
            }
            return directory;
        }
        catch (Exception e) when (e is UnauthorizedAccessException or NativeException { Errno: Errno.EACCES or Errno.EPERM or Errno.EROFS })
        {
            throw new IOException(
                $"Could not make FIFOs under '{root}': permission denied. Attaching to a process needs a directory there that both you and the daemon can use: run as the daemon's user or name another directory.", e);
        }
    }

    /// <summary>Makes <c>&lt;id&gt;-&lt;stream&gt;</c> in the directory and gives its path.</summary>
    /// <param name="id">The id of the container or exec.</param>
    /// <param name="stream"><c>stdin</c>, <c>stdout</c> or <c>stderr</c>.</param>
    /// <param name="uid">The owner; null: the caller.</param>
    /// <param name="gid">The group; null: the caller's.</param>
    /// <exception cref="IOException">It exists or can't be made.</exception>
    public string Add(string id, string stream, uint? uid = null, uint? gid = null)
    {
        var path = System.IO.Path.Combine(Path, $"{id}-{stream}");
        Fifo.Make(path, OwnerOnly);
        _fifos.Add(path);
        Directories.ChangeOwner(path, uid, gid);
        return path;
    }

    /// <summary>Removes the FIFOs and the directory. What is gone already is no error, and what is not ours stays.</summary>
    /// <exception cref="IOException">Something of ours can't be removed.</exception>
    public void Delete()
    {
        foreach (var fifo in _fifos)
            Fifo.Remove(fifo);
        _fifos.Clear();
        Directories.TryRemove(Path);
    }

    /// <summary><see cref="Delete"/>.</summary>
    public void Dispose() => Delete();

    /// <summary>
    /// Removes the FIFOs of a task that another client (or we, earlier) created, and their directory once it is empty.
    /// Paths that are no FIFOs stay, and so does their directory (trap T28).
    /// </summary>
    /// <exception cref="IOException">A FIFO can't be removed.</exception>
    public static void DeleteLeftOver(StdioPaths paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        if (!OperatingSystem.IsLinux())
            return;
        foreach (var path in new[] { paths.Stdin, paths.Stdout, paths.Stderr })
            if (path.StartsWith('/') && Fifo.Remove(path) && System.IO.Path.GetDirectoryName(path) is { } parent)
                Directories.TryRemove(parent);
    }

    [UnsupportedOSPlatform("windows")]
    private static string MakeUnique(string root)
    {
        while (true)
        {
            var path = System.IO.Path.Combine(root, RandomNumberGenerator.GetHexString(16, lowercase: true));
            try
            {
                if (Directories.TryMake(path, OwnerOnly))
                    return path;
            }
            catch (NativeException e) when (e.Errno == Errno.ENOENT)
            {
                Directory.CreateDirectory(root, OwnerOnly);
            }
        }
    }
}

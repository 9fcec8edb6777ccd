using System.Text;
using Containerd.Client.Native;
using Containerd.Client.Snapshots;

namespace Containerd.Client.Images;

/// <summary>
/// The file system that a snapshot's mounts would show, read without mounting it: the directories that overlayfs would
/// stack, whiteouts and opaque directories respected, links resolved inside of it only.
/// </summary>
internal sealed class LayeredDirectory : IDisposable
{
    /// <summary>The largest file that is read; the limit of containerd's own client.</summary>
    public const int MaxFile = 10 << 20;

    // The kernel's own limit on links in one path.
    private const int MaxLinks = 40;

    private readonly List<FilePath> _open = [];
    private readonly List<FilePath> _roots;

    private LayeredDirectory(List<FilePath> roots)
    {
        _roots = roots;
        _open.AddRange(roots);
    }

    /// <summary>Opens what mounts would show.</summary>
    /// <param name="mounts">The mounts of a snapshot.</param>
    /// <returns>Null where the mounts are of a kind that only the kernel can read, or are not on this machine.</returns>
    public static LayeredDirectory? TryOpen(IReadOnlyList<Mount> mounts)
    {
        if (!OperatingSystem.IsLinux() || Directories(mounts) is not { } directories)
            return null;
        var roots = new List<FilePath>();
        try
        {
            foreach (var directory in directories)
            {
                if (FilePath.OpenDirectory(directory) is not { } root)
                    break;
                roots.Add(root);
            }
        }
        catch (NativeException)
        {
            // Not ours to read: the layers' blobs are.
        }

        if (roots.Count == directories.Count)
            return new LayeredDirectory(roots);
        roots.ForEach(root => root.Dispose());
        return null;
    }

    /// <summary>Reads a file as text.</summary>
    /// <param name="path">Its path from the root.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The text; null where there is no regular file of that path.</returns>
    /// <exception cref="InvalidContentException">It is larger than any such file should be.</exception>
    /// <exception cref="IOException">It can't be read.</exception>
    public async Task<string?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (Find(path) is not { Status.Kind: FileKind.RegularFile } file)
            return null;
        if (file.Status.Size > MaxFile)
            throw new InvalidContentException($"Cannot read {path} of the root file system: it has {file.Status.Size} bytes, more than the {MaxFile} allowed.");
        var stream = file.OpenRead();
        await using (stream.ConfigureAwait(false))
        {
            // Not to the end: the file may still grow.
            var bytes = new byte[file.Status.Size];
            var count = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return Encoding.UTF8.GetString(bytes, 0, count);
        }
    }

    public void Dispose() => _open.ForEach(path => path.Dispose());

    private static List<string>? Directories(IReadOnlyList<Mount> mounts)
    {
        if (mounts is not [var mount] || mount.Target.Length > 0)
            return null;
        switch (mount.Type)
        {
            case "bind":
                return [mount.Source];
            case "overlay":
                var lower = Option(mount, "lowerdir=");

                // A backslash would escape a colon in a path.
                if (lower is null || lower.Contains('\\', StringComparison.Ordinal))
                    return null;
                List<string> directories = [.. lower.Split(':')];
                if (Option(mount, "upperdir=") is { } upper)
                    directories.Insert(0, upper);
                return directories;
            default:
                return null;
        }
    }

    private static string? Option(Mount mount, string prefix) =>
        mount.Options.FirstOrDefault(option => option.StartsWith(prefix, StringComparison.Ordinal))?[prefix.Length..];

    private FilePath? Find(string path)
    {
        var pending = new Stack<string>(Components(path));
        var levels = new Stack<List<FilePath>>([_roots]);
        var links = 0;
        while (pending.TryPop(out var name))
        {
            if (name == "..")
            {
                // Above the root there is the root again.
                if (levels.Count > 1)
                    levels.Pop();
                continue;
            }

            var found = Look(levels.Peek(), name);
            if (found.Count == 0)
                return null;
            switch (found[0].Status.Kind)
            {
                case FileKind.Directory:
                    levels.Push(found);
                    break;
                case FileKind.SymbolicLink:
                    if (++links > MaxLinks)
                        return null;
                    var target = found[0].ReadLink();
                    if (target.StartsWith('/'))
                        levels = new Stack<List<FilePath>>([_roots]);
                    foreach (var component in Components(target))
                        pending.Push(component);
                    break;
                default:
                    return pending.Count == 0 ? found[0] : null;
            }
        }

        return null;
    }

    /// <summary>What a name is in stacked directories, topmost first: one file or link, or all the directories that are one together.</summary>
    private List<FilePath> Look(List<FilePath> directories, string name)
    {
        var found = new List<FilePath>();
        foreach (var directory in directories)
        {
            if (directory.Child(name) is not { } child)
                continue;
            _open.Add(child);
            if (child.IsWhiteout)
                break;
            if (child.Status.Kind != FileKind.Directory)
            {
                if (found.Count == 0)
                    found.Add(child);
                break;
            }

            found.Add(child);
            if (child.IsOpaque)
                break;
        }

        return found;
    }

    /// <summary>A path's components, the last one first.</summary>
    private static IEnumerable<string> Components(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(component => component != ".").Reverse();
}

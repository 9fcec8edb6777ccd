using System.Text;
using Containerd.Client.Content;
using Containerd.Client.Images.Archives;
using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>
/// Reads single files of an image from its layers' blobs, which works over any address. Layers are read from the top down
/// and only as far as needed: a name that one has, or says is gone, hides those below.
/// </summary>
internal sealed class LayerFileReader(ContentStore content, IReadOnlyList<ContentDescriptor> layers)
{
    private const string WhiteoutPrefix = ".wh.";
    private const string OpaqueMarker = ".wh..wh..opq";

    // Every pass finds one more level of links; the kernel follows 40 in one path.
    private const int MostPasses = 10;
    private const int MaxLinks = 40;

    private readonly Dictionary<string, Node> _nodes = new() { [""] = new Node(TarItemType.Directory) };
    private HashSet<string> _wanted = [];

    /// <summary>Reads files as text.</summary>
    /// <param name="paths">Their paths from the root.</param>
    /// <param name="cancellationToken">Ends the reads.</param>
    /// <returns>The text by the path asked for; null where there is no regular file.</returns>
    /// <exception cref="InvalidContentException">A layer is broken, or a file larger than any such file should be.</exception>
    public async Task<IReadOnlyDictionary<string, string?>> ReadAsync(IReadOnlyCollection<string> paths, CancellationToken cancellationToken)
    {
        for (var pass = 0; ; pass++)
        {
            _wanted = [.. paths.SelectMany(Unknown)];
            if (_wanted.Count == 0 || pass == MostPasses)
                break;
            await PassAsync(cancellationToken).ConfigureAwait(false);
        }

        return paths.ToDictionary(path => path, path => Resolve(path, out _)?.Text);
    }

    /// <summary>Reads the layers once, from the top down, until every wanted name is known or the layers end.</summary>
    private async Task PassAsync(CancellationToken cancellationToken)
    {
        var missing = new HashSet<string>(_wanted);
        foreach (var layer in layers.Reverse())
        {
            var found = new Dictionary<string, Node>();
            var hidden = new List<(string Path, bool WithItself)>();
            await ReadLayerAsync(layer, missing, found, hidden, cancellationToken).ConfigureAwait(false);
            foreach (var (path, node) in found)
            {
                _nodes[path] = node;
                missing.Remove(path);

                // Whatever is no directory hides what lower layers have below the name.
                if (node.Type != TarItemType.Directory)
                    hidden.Add((path, false));
            }

            foreach (var path in missing.Where(path => hidden.Exists(hide =>
                (hide.WithItself && path == hide.Path) || path.StartsWith(hide.Path.Length == 0 ? "" : hide.Path + "/", StringComparison.Ordinal))).ToList())
            {
                _nodes[path] = Node.Absent;
                missing.Remove(path);
            }

            if (missing.Count == 0)
                return;
        }

        foreach (var path in missing)
            _nodes[path] = Node.Absent;
    }

    private async Task ReadLayerAsync(
        ContentDescriptor layer, HashSet<string> missing, Dictionary<string, Node> found, List<(string Path, bool WithItself)> hidden,
        CancellationToken cancellationToken)
    {
        var blob = content.OpenRead(layer.Digest, cancellationToken);
        await using (blob.ConfigureAwait(false))
        {
            try
            {
                var (tar, _) = await Compression.OpenReadAsync(blob, cancellationToken).ConfigureAwait(false);
                await using (tar.ConfigureAwait(false))
                {
                    var scanner = new TarScanner(tar);
                    while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
                        await TakeAsync(item, scanner, missing, found, hidden, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (Compression.IsBroken(e))
            {
                throw new InvalidContentException($"Cannot read layer {layer.Digest}: {e.Message}", e);
            }
        }
    }

    private static async Task TakeAsync(
        TarItem item, TarScanner scanner, HashSet<string> missing, Dictionary<string, Node> found, List<(string Path, bool WithItself)> hidden,
        CancellationToken cancellationToken)
    {
        var path = Clean(item.Name);
        var (parent, name) = Split(path);
        if (name == OpaqueMarker)
        {
            hidden.Add((parent, false));
            return;
        }

        if (name.StartsWith(WhiteoutPrefix, StringComparison.Ordinal))
        {
            hidden.Add((Join(parent, name[WhiteoutPrefix.Length..]), true));
            return;
        }

        // A tar need not list the directories of what it lists.
        for (var above = parent; above.Length > 0; above = Split(above).Parent)
        {
            if (missing.Contains(above) && !found.ContainsKey(above))
                found[above] = new Node(TarItemType.Directory);
        }

        if (!missing.Contains(path))
            return;
        var node = new Node(item.Type, item.LinkName);
        if (item.Type == TarItemType.File)
        {
            if (item.Size > LayeredDirectory.MaxFile)
                throw new InvalidContentException($"Cannot read /{path} of the image: it has {item.Size} bytes, more than the {LayeredDirectory.MaxFile} allowed.");
            var bytes = new byte[item.Size];
            await scanner.OpenContent().ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
            node = node with { Text = Encoding.UTF8.GetString(bytes) };
        }

        found[path] = node;
    }

    /// <summary>The names on the way to a path that no pass has looked for yet.</summary>
    private IEnumerable<string> Unknown(string path)
    {
        Resolve(path, out var unknown);
        return unknown;
    }

    private Node? Resolve(string path, out IReadOnlyList<string> unknown)
    {
        unknown = [];
        var pending = new Stack<string>(Components(path).Reverse());
        var (at, links) = ("", 0);
        while (pending.TryPop(out var name))
        {
            if (name == "..")
            {
                at = Split(at).Parent;
                continue;
            }

            var next = Join(at, name);
            if (!_nodes.TryGetValue(next, out var node))
            {
                // The rest of the way too, as it will be if no link comes: one pass then finds the whole of it.
                var way = new List<string> { next };
                foreach (var rest in pending.TakeWhile(rest => rest != ".."))
                    way.Add(Join(way[^1], rest));
                unknown = way;
                return null;
            }

            switch (node.Type)
            {
                case TarItemType.Directory:
                    at = next;
                    break;
                case TarItemType.SymbolicLink or TarItemType.HardLink:
                    if (++links > MaxLinks)
                        return null;

                    // A hard link's target counts from the root of the tar.
                    if (node.Link.StartsWith('/') || node.Type == TarItemType.HardLink)
                        at = "";
                    foreach (var component in Components(node.Link).Reverse())
                        pending.Push(component);
                    break;
                default:
                    return pending.Count == 0 ? node : null;
            }
        }

        return null;
    }

    private static string Clean(string name)
    {
        var parts = new List<string>();
        foreach (var component in Components(name))
        {
            if (component != "..")
                parts.Add(component);
            else if (parts.Count > 0)
                parts.RemoveAt(parts.Count - 1);
        }

        return string.Join('/', parts);
    }

    private static IEnumerable<string> Components(string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(component => component != ".");

    private static (string Parent, string Name) Split(string path) => path.LastIndexOf('/') is var slash and >= 0
        ? (path[..slash], path[(slash + 1)..])
        : ("", path);

    private static string Join(string parent, string name) => parent.Length == 0 ? name : parent + "/" + name;

    private sealed record Node(TarItemType Type, string Link = "")
    {
        public static Node Absent { get; } = new((TarItemType)0);

        public string? Text { get; init; }
    }
}

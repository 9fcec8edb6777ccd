using System.Runtime.CompilerServices;

namespace Containerd.Client.Images.Archives;

/// <summary>A file in an archive.</summary>
/// <param name="Name">Its name, without ./ before it.</param>
/// <param name="Offset">Where its bytes begin in the uncompressed archive.</param>
/// <param name="Size">How many they are.</param>
internal sealed record ArchiveEntry(string Name, long Offset, long Size);

/// <summary>
/// An archive of images, plain or compressed. Opening it reads the headers only (of a compressed one everything, once), so
/// that what is written afterwards is known to be wanted, complete and of the size it should have.
/// </summary>
internal sealed class ImageArchive
{
    // An archive of images has a few files for each layer.
    private const int MostEntries = 100_000;
    private const int LongestName = 4096;
    private const int MostLinks = 16;

    // Small files of a compressed archive are kept on the way: reading one later would decompress all before it again.
    private const long MostKept = 64 << 20;

    private readonly Dictionary<string, ArchiveEntry> _files = [];
    private readonly Dictionary<string, string> _links = [];
    private readonly Dictionary<ArchiveEntry, byte[]> _kept = [];
    private readonly CompressionKind _compression;
    private readonly long _mostBytes;
    private long _keptBytes;

    private ImageArchive(string path, CompressionKind compression, long mostBytes) =>
        (Path, _compression, _mostBytes) = (path, compression, mostBytes);

    /// <summary>The archive's file.</summary>
    public string Path { get; }

    /// <summary>The files, in no order.</summary>
    public IReadOnlyCollection<ArchiveEntry> Files => _files.Values;

    /// <summary>Opens an archive and lists what is in it.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="mostBytes">The most bytes it may have uncompressed, where it is compressed.</param>
    /// <param name="progress">Told how many bytes of the file are read, where it has to be read as a whole.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The archive.</returns>
    /// <exception cref="InvalidContentException">It is no tar, is cut short, or is made to do harm.</exception>
    /// <exception cref="IOException">The file can't be read.</exception>
    public static async Task<ImageArchive> OpenAsync(
        string path, long mostBytes, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var file = OpenFile(path);
        await using (file.ConfigureAwait(false))
        {
            var beginning = new byte[Compression.MagicLength];
            var count = await file.ReadAtLeastAsync(beginning, beginning.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            file.Position = 0;
            var archive = new ImageArchive(path, Compression.Detect(beginning.AsSpan(0, count)), mostBytes);
            try
            {
                var tar = archive.Uncompressed(file);
                await using (tar.ConfigureAwait(false))
                {
                    await archive.ListAsync(tar, file, progress, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (Exception e) when (Compression.IsBroken(e))
            {
                throw archive.Invalid($"it is no complete tar archive ({e.Message.TrimEnd('.')})", e);
            }

            return archive.Files.Count > 0 ? archive : throw archive.Invalid("there is no file in it");
        }
    }

    /// <summary>A file by its name; links in the archive are followed.</summary>
    /// <param name="name">The name, without ./ before it.</param>
    /// <returns>The file; null where there is none.</returns>
    public ArchiveEntry? Find(string name)
    {
        for (var links = 0; links < MostLinks; links++)
        {
            if (_files.TryGetValue(name, out var file))
                return file;
            if (!_links.TryGetValue(name, out var target))
                return null;
            name = target;
        }

        return null;
    }

    /// <summary>Reads a small file.</summary>
    /// <param name="file">The file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="InvalidContentException">It is too large for what it should be, or broken.</exception>
    public async Task<byte[]> ReadAsync(ArchiveEntry file, CancellationToken cancellationToken)
    {
        if (file.Size > ImageDocuments.MaxDocument)
            throw Invalid($"'{file.Name}' has {file.Size} bytes, more than the {ImageDocuments.MaxDocument} of any index, manifest or config");
        if (_kept.TryGetValue(file, out var kept))
            return kept;
        var bytes = new byte[file.Size];
        await foreach (var (_, content) in ReadInOrderAsync([file], cancellationToken).ConfigureAwait(false))
            await content.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    /// <summary>Reads files one after the other in the order they lie in the archive, in one pass.</summary>
    /// <param name="files">The files.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Each file and its content, which is to be read before the next is asked for.</returns>
    public async IAsyncEnumerable<(ArchiveEntry File, Stream Content)> ReadInOrderAsync(
        IEnumerable<ArchiveEntry> files, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var source = OpenFile(Path);
        await using (source.ConfigureAwait(false))
        {
            var tar = Uncompressed(source);
            await using (tar.ConfigureAwait(false))
            {
                long position = 0;
                foreach (var file in files.OrderBy(file => file.Offset))
                {
                    if (tar.CanSeek)
                        tar.Position = file.Offset;
                    else
                        await new PartStream(tar, file.Offset - position).SkipRestAsync(cancellationToken).ConfigureAwait(false);
                    var content = new PartStream(tar, file.Size);
                    yield return (file, content);
                    await content.SkipRestAsync(cancellationToken).ConfigureAwait(false);
                    position = file.Offset + file.Size;
                }
            }
        }
    }

    /// <summary>The error for something wrong with the archive.</summary>
    /// <param name="what">What is wrong.</param>
    /// <param name="innerException">The error underneath.</param>
    /// <returns>The error to throw.</returns>
    public InvalidContentException Invalid(string what, Exception? innerException = null) =>
        new($"Cannot import {Path}: {what}.", innerException);

    private static FileStream OpenFile(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 17, FileOptions.Asynchronous | FileOptions.SequentialScan);

    private Stream Uncompressed(FileStream file)
    {
        if (_compression == CompressionKind.None)
            return file;
        return new ExpansionLimitStream(Compression.OpenRead(_compression, file), _mostBytes, () => Invalid(
            $"its {file.Length} bytes decompress to more than {_mostBytes}, as those of a decompression bomb do; if that is right, allow more with -MaximumSize"));
    }

    private async Task ListAsync(Stream tar, FileStream file, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var scanner = new TarScanner(tar);
        var entries = 0;
        while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            if (++entries > MostEntries)
                throw Invalid($"there are more than {MostEntries} files in it");
            if (List(item) is { } entry && !tar.CanSeek)
            {
                await KeepAsync(entry, scanner.OpenContent(), cancellationToken).ConfigureAwait(false);
                progress?.Report(file.Position);
            }
        }
    }

    private ArchiveEntry? List(TarItem item)
    {
        var name = CleanName(item.Name);
        switch (item.Type)
        {
            case TarItemType.File or TarItemType.Contiguous:
                var file = new ArchiveEntry(name, item.Offset, item.Size);
                _links.Remove(name);
                _files[name] = file;
                return file;

            // Older versions of docker save link layers that several images share.
            case TarItemType.SymbolicLink:
                _files.Remove(name);
                _links[name] = CleanName(item.LinkName, System.IO.Path.GetDirectoryName(name) ?? "");
                return null;
            case TarItemType.HardLink:
                _files.Remove(name);
                _links[name] = CleanName(item.LinkName);
                return null;
            case TarItemType.Directory:
                return null;
            default:
                throw Invalid($"'{name}' is of type '{(char)item.Type}', which no archive of images has");
        }
    }

    private async Task KeepAsync(ArchiveEntry file, Stream data, CancellationToken cancellationToken)
    {
        if (file.Size > ImageDocuments.MaxDocument || _keptBytes + file.Size > MostKept)
            return;
        var bytes = new byte[file.Size];
        await data.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);

        // Whatever is no JSON is a layer, and read when it is written.
        if (bytes.AsSpan().TrimStart(" \t\r\n"u8) is not [(byte)'{' or (byte)'[', ..])
            return;
        _kept[file] = bytes;
        _keptBytes += file.Size;
    }

    /// <summary>
    /// A name as it is looked up. Nothing of an archive is ever written under its name, but one that leads out of the
    /// archive is made to do harm to whoever does.
    /// </summary>
    private string CleanName(string name, string directory = "")
    {
        var parts = new List<string>(directory.Split('/', StringSplitOptions.RemoveEmptyEntries));
        if (name.Length > LongestName)
            throw Invalid($"there is a name of {name.Length} characters in it");
        if (name.StartsWith('/'))
            throw Invalid($"the name '{name}' leads out of it");
        foreach (var part in name.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part == ".")
                continue;
            if (part != "..")
            {
                parts.Add(part);
                continue;
            }

            // A link to its neighbour's layer is as docker save writes it; a file's name has no use for it.
            if (directory.Length == 0 || parts.Count == 0)
                throw Invalid($"the name '{name}' leads out of it");
            parts.RemoveAt(parts.Count - 1);
        }

        return string.Join('/', parts);
    }
}

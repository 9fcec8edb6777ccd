using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Containerd.Client.Native;

namespace Containerd.Client.Images.Archives;

/// <summary>
/// A directory as the tar of an image's layer, made while it is read: owners, modes, times, links, devices and the
/// attributes that carry capabilities are kept, sockets are left out. What is mounted inside the directory is not part of it.
/// </summary>
internal sealed class DirectoryTar : IAsyncDisposable
{
    private const int PieceSize = 1 << 20;
    private const int MostAhead = 4;
    private const int EndSize = 1024;

    private readonly ByteQueue _queue = new(MostAhead);
    private readonly CancellationTokenSource _end;
    private readonly Dictionary<(ulong FileSystem, ulong Inode), string> _linked = [];
    private readonly string _root;
    private readonly Task _writing;
    private bool _hasEntries;

    /// <summary>Begins to make the tar.</summary>
    /// <param name="root">The directory.</param>
    /// <param name="cancellationToken">Ends the making.</param>
    /// <exception cref="InvalidArgumentException">This machine is no Linux, whose files have what a layer needs.</exception>
    public DirectoryTar(string root, CancellationToken cancellationToken)
    {
        if (!OperatingSystem.IsLinux())
            throw new InvalidArgumentException("RootFs", "A directory can be imported on Linux only: give a tar of it.");
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(root));
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _writing = Task.Run(() => WriteAsync(_end.Token), CancellationToken.None);
    }

    /// <summary>The tar. Whatever keeps it from being whole is thrown by a read.</summary>
    public Stream Content => _queue.Reader;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);

        // Disposing its streams the writer still has something to write, and nobody reads any more.
        _queue.Complete();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            var pieces = new BufferedStream(_queue.Writer, PieceSize);
            await using (pieces.ConfigureAwait(false))
            {
                var writer = new TarWriter(pieces, TarEntryFormat.Pax, leaveOpen: true);
                await using (writer.ConfigureAwait(false))
                {
                    await WriteDirectoryAsync(writer, pieces, "", FileStatus.Of(_root).FileSystem, cancellationToken).ConfigureAwait(false);
                }

                // The framework writes nothing at all where there is no entry, not even the tar's end.
                if (!_hasEntries)
                    await pieces.WriteAsync(new byte[EndSize], cancellationToken).ConfigureAwait(false);
            }

            _queue.Complete();
        }
#pragma warning disable CA1031 // Whatever it is, it belongs to whoever reads the tar.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _queue.Complete(e);
        }
    }

    private async Task WriteDirectoryAsync(
        TarWriter writer, Stream stream, string directory, ulong fileSystem, CancellationToken cancellationToken)
    {
        // In a fixed order, so that the same directory makes the same layer.
        foreach (var path in Directory.EnumerateFileSystemEntries(Path.Join(_root, directory)).Order(StringComparer.Ordinal))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = path[(_root.Length + 1)..];
            var status = FileStatus.Of(path);
            await WriteEntryAsync(writer, stream, path, name, status, cancellationToken).ConfigureAwait(false);
            if (status.Kind == FileKind.Directory && status.FileSystem == fileSystem)
                await WriteDirectoryAsync(writer, stream, name, fileSystem, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task WriteEntryAsync(
        TarWriter writer, Stream stream, string path, string name, FileStatus status, CancellationToken cancellationToken)
    {
        if (Type(status, name, out var link) is not { } type)
            return;
        _hasEntries = true;
        if (type == TarEntryType.SymbolicLink)
            link = new FileInfo(path).LinkTarget ?? "";
        if (type == TarEntryType.Directory)
            name += "/";

        // A further name of a file has them too: containerd gives each name it makes to its owner, which takes the
        // capabilities from the file.
        var attributes = type is TarEntryType.RegularFile or TarEntryType.Directory or TarEntryType.HardLink ? ExtendedAttributes.Of(path) : [];
        PosixTarEntry entry;
        if (attributes.Count > 0)
        {
            // System.Formats.Tar writes attributes as text; these are bytes, so the header that carries them is our own.
            // A plain header has to follow: a second extended one would replace ours. What does not fit there stands in ours.
            await PaxHeader.WriteAsync(stream, name, link, status, attributes, cancellationToken).ConfigureAwait(false);
            entry = new UstarTarEntry(type, type == TarEntryType.Directory ? "entry/" : "entry");
            link = link.Length > 0 ? "entry" : "";
        }
        else
        {
            entry = new PaxTarEntry(type, name);
            (entry.Uid, entry.Gid) = (checked((int)status.Uid), checked((int)status.Gid));
        }

        entry.Mode = status.Mode;
        entry.ModificationTime = status.ModifiedAt;
        if (link.Length > 0)
            entry.LinkName = link;
        if (type is TarEntryType.CharacterDevice or TarEntryType.BlockDevice)
            (entry.DeviceMajor, entry.DeviceMinor) = ((int)status.DeviceMajor, (int)status.DeviceMinor);
        if (type != TarEntryType.RegularFile)
        {
            await writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
            return;
        }

        var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        await using (content.ConfigureAwait(false))
        {
            entry.DataStream = content;
            await writer.WriteEntryAsync(entry, cancellationToken).ConfigureAwait(false);
        }
    }

    private TarEntryType? Type(FileStatus status, string name, out string link)
    {
        link = "";
        switch (status.Kind)
        {
            case FileKind.RegularFile:
                if (status.Links > 1 && !_linked.TryAdd((status.FileSystem, status.Inode), name))
                {
                    link = _linked[(status.FileSystem, status.Inode)];
                    return TarEntryType.HardLink;
                }

                return TarEntryType.RegularFile;
            case FileKind.Directory:
                return TarEntryType.Directory;
            case FileKind.SymbolicLink:
                return TarEntryType.SymbolicLink;
            case FileKind.CharacterDevice:
                return TarEntryType.CharacterDevice;
            case FileKind.BlockDevice:
                return TarEntryType.BlockDevice;
            case FileKind.Fifo:
                return TarEntryType.Fifo;
            default:
                return null;
        }
    }
}

/// <summary>An extended header written by hand, for attributes that are bytes and not text.</summary>
/// <remarks>Source: POSIX pax, "pax Extended Header"; the SCHILY.xattr keys are star's, and what Go's archive/tar and GNU tar read.</remarks>
internal static class PaxHeader
{
    private const int BlockSize = 512;

    /// <summary>Writes the header that goes before an entry's own.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="name">The entry's name.</param>
    /// <param name="link">Where a link leads; empty for others.</param>
    /// <param name="status">The file.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    /// <returns>Completes when it is written.</returns>
    public static async Task WriteAsync(
        Stream stream, string name, string link, FileStatus status, IReadOnlyDictionary<string, byte[]> attributes, CancellationToken cancellationToken)
    {
        using var records = new MemoryStream();
        Add(records, "path", Encoding.UTF8.GetBytes(name));
        if (link.Length > 0)
            Add(records, "linkpath", Encoding.UTF8.GetBytes(link));
        Add(records, "uid", Encoding.ASCII.GetBytes(status.Uid.ToString(CultureInfo.InvariantCulture)));
        Add(records, "gid", Encoding.ASCII.GetBytes(status.Gid.ToString(CultureInfo.InvariantCulture)));
        foreach (var (key, value) in attributes.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            Add(records, "SCHILY.xattr." + key, value);
        await stream.WriteAsync(Header((int)records.Length), cancellationToken).ConfigureAwait(false);
        records.SetLength((records.Length + BlockSize - 1) / BlockSize * BlockSize);
        await stream.WriteAsync(records.ToArray(), cancellationToken).ConfigureAwait(false);
    }

    private static byte[] Header(int size)
    {
        var header = new byte[BlockSize];
        void Put(int offset, string text) => Encoding.ASCII.GetBytes(text, header.AsSpan(offset));
        Put(0, "PaxHeaders/entry");
        Put(100, "0000644\0");
        Put(108, "0000000\0");
        Put(116, "0000000\0");
        Put(124, Convert.ToString(size, 8).PadLeft(11, '0') + "\0");
        Put(136, "00000000000\0");
        Put(148, "        x");
        Put(257, "ustar\0" + "00");
        Put(148, Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0 ");
        return header;
    }

    /// <summary>Adds "length key=value\n", where length counts itself too.</summary>
    private static void Add(MemoryStream records, string key, byte[] value)
    {
        var rest = 1 + key.Length + 1 + value.Length + 1;
        var length = rest + 1;
        while (length != rest + length.ToString(CultureInfo.InvariantCulture).Length)
            length = rest + length.ToString(CultureInfo.InvariantCulture).Length;
        records.Write(Encoding.UTF8.GetBytes($"{length.ToString(CultureInfo.InvariantCulture)} {key}="));
        records.Write(value);
        records.WriteByte((byte)'\n');
    }
}

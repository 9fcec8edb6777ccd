using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Containerd.Client.Images.Archives;

/// <summary>What a tar's entry is; the letter in its header.</summary>
internal enum TarItemType
{
    File = '0',
    HardLink = '1',
    SymbolicLink = '2',
    CharacterDevice = '3',
    BlockDevice = '4',
    Directory = '5',
    Fifo = '6',
    Contiguous = '7',
    GlobalAttributes = 'g',
    GnuSparse = 'S',
}

/// <summary>An entry of a tar.</summary>
/// <param name="Name">Its name as it is written there.</param>
/// <param name="Type">What it is.</param>
/// <param name="LinkName">Where a link leads.</param>
/// <param name="Offset">Where its data begins in the tar.</param>
/// <param name="Size">Its data's bytes.</param>
internal sealed record TarItem(string Name, TarItemType Type, string LinkName, long Offset, long Size)
{
    /// <summary>Whether it is a file with content.</summary>
    public bool IsFile => Type is TarItemType.File or TarItemType.Contiguous or TarItemType.GnuSparse;
}

/// <summary>
/// Goes through a tar that nobody vouches for, from header to header. System.Formats.Tar is not used for that: it reads
/// extended headers of any claimed size into memory, and refuses entries that containerd unpacks (links with a size). The
/// limits and the leniency here are those of Go's archive/tar, with which the server reads the same bytes.
/// </summary>
/// <remarks>Source: POSIX pax, "ustar Interchange Format" and "pax Extended Header"; GNU tar manual, "Basic Tar Format".</remarks>
internal sealed class TarScanner(Stream tar)
{
    /// <summary>The most bytes of an extended header.</summary>
    public const int MaxExtendedHeader = 1 << 20;

    private const int BlockSize = 512;

    private readonly byte[] _header = new byte[BlockSize];
    private long _position;
    private long _itemEnd;
    private PartStream? _content;

    /// <summary>Whether the tar's own end marker was seen: without it the tar may be cut short.</summary>
    public bool EndSeen { get; private set; }

    /// <summary>The next entry, however much of the one before was read.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The entry; null at the end.</returns>
    /// <exception cref="InvalidDataException">There is no header where one should be, or it is made to do harm.</exception>
    /// <exception cref="EndOfStreamException">The tar is cut short.</exception>
    public async ValueTask<TarItem?> NextAsync(CancellationToken cancellationToken)
    {
        string? name = null, link = null;
        long? size = null;
        while (true)
        {
            await SkipAsync(cancellationToken).ConfigureAwait(false);
            if (!await ReadHeaderAsync(cancellationToken).ConfigureAwait(false))
                return null;
            var type = (char)_header[156];
            var headerSize = Number(124, 12);
            switch (type)
            {
                case 'x' or 'X':
                    Attributes(await ReadExtendedAsync(headerSize, cancellationToken).ConfigureAwait(false), ref name, ref link, ref size);
                    break;
                case 'L':
                    name = LongText(await ReadExtendedAsync(headerSize, cancellationToken).ConfigureAwait(false));
                    break;
                case 'K':
                    link = LongText(await ReadExtendedAsync(headerSize, cancellationToken).ConfigureAwait(false));
                    break;
                case 'g':
                    await ReadExtendedAsync(headerSize, cancellationToken).ConfigureAwait(false);
                    break;
                default:
                    return await ItemAsync(type, name ?? Name(), link ?? Text(157, 100), size ?? headerSize, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The data of the entry that <see cref="NextAsync"/> gave last.</summary>
    /// <returns>A stream of it, for one reading.</returns>
    public Stream OpenContent() => _content ?? throw new InvalidOperationException("There is no entry, or it is read already.");

    private async ValueTask<TarItem> ItemAsync(char type, string name, string link, long size, CancellationToken cancellationToken)
    {
        // Without a type it is from the oldest tar, which marked directories by their names.
        if (type == '\0')
            type = name.EndsWith('/') ? '5' : '0';

        // Links, devices and directories have no data, whatever their header says.
        if (type is >= '1' and <= '6')
            size = 0;
        if (type == 'S')
            await SkipSparseMapAsync(cancellationToken).ConfigureAwait(false);
        if (size is < 0 or > long.MaxValue - BlockSize)
            throw new InvalidDataException($"an entry of {size} bytes");
        var item = new TarItem(name, (TarItemType)type, link, _position, size);
        Begin(size);
        return item;
    }

    private void Begin(long size)
    {
        _content = new PartStream(tar, size);
        _itemEnd = _position + ((size + BlockSize - 1) / BlockSize * BlockSize);
    }

    private async ValueTask<byte[]> ReadExtendedAsync(long size, CancellationToken cancellationToken)
    {
        if (size is < 0 or > MaxExtendedHeader)
            throw new InvalidDataException($"an extended header of {size} bytes, where {MaxExtendedHeader} are more than enough");
        Begin(size);
        var bytes = new byte[size];
        await _content!.ReadExactlyAsync(bytes, cancellationToken).ConfigureAwait(false);
        return bytes;
    }

    /// <summary>Moves over what is left of the entry's data.</summary>
    private async ValueTask SkipAsync(CancellationToken cancellationToken)
    {
        if (_content is null)
            return;
        var left = _itemEnd - _position - _content.Count;
        _position = _itemEnd;
        _content = null;
        if (tar.CanSeek)
        {
            if (tar.Position + left > tar.Length)
                throw new EndOfStreamException($"the data ends {tar.Position + left - tar.Length} bytes too early");
            tar.Position += left;
            return;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(81920);
        try
        {
            while (left > 0)
            {
                var count = await tar.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellationToken).ConfigureAwait(false);
                if (count == 0)
                    throw new EndOfStreamException($"the data ends {left} bytes too early");
                left -= count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<bool> ReadHeaderAsync(CancellationToken cancellationToken)
    {
        var count = await tar.ReadAtLeastAsync(_header, BlockSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        _position += count;
        if (count == 0)
            return false;
        if (count < BlockSize)
            throw new EndOfStreamException("the data ends within a header");
        if (!_header.AsSpan().ContainsAnyExcept((byte)0))
        {
            EndSeen = true;
            return false;
        }

        return Checksum() ? true : throw new InvalidDataException("no header where one should be");
    }

    /// <summary>GNU's old sparse files have more of their map behind the header.</summary>
    private async ValueTask SkipSparseMapAsync(CancellationToken cancellationToken)
    {
        for (var more = _header[482] != 0; more;)
        {
            var block = new byte[BlockSize];
            await tar.ReadExactlyAsync(block, cancellationToken).ConfigureAwait(false);
            _position += BlockSize;
            more = block[504] != 0;
        }
    }

    private bool Checksum()
    {
        // The field itself counts as spaces. Some old tars summed signed bytes.
        var (unsigned, signed) = (0L, 0L);
        for (var i = 0; i < BlockSize; i++)
        {
            var value = i is >= 148 and < 156 ? (byte)' ' : _header[i];
            unsigned += value;
            signed += (sbyte)value;
        }

        var expected = Number(148, 8);
        return expected == unsigned || expected == signed;
    }

    private string Name()
    {
        // GNU's format has other things where POSIX has a prefix.
        var isPosix = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        return isPosix && Text(345, 155) is { Length: > 0 } prefix ? $"{prefix}/{Text(0, 100)}" : Text(0, 100);
    }

    private string Text(int offset, int length)
    {
        var field = _header.AsSpan(offset, length);
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    /// <summary>A number of the header: octal digits, or with the highest bit set big-endian binary. Negative for what is none.</summary>
    private long Number(int offset, int length)
    {
        ReadOnlySpan<byte> field = _header.AsSpan(offset, length);
        if ((field[0] & 0x80) != 0)
        {
            return length < 9 || (field[0] & 0x7F) != 0 || field[1..^8].ContainsAnyExcept((byte)0)
                ? -1
                : BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
        }

        long value = 0;
        foreach (var digit in field.Trim(" \0"u8))
        {
            if (digit is < (byte)'0' or > (byte)'7')
                return -1;
            value = (value * 8) + (digit - '0');
        }

        return value;
    }

    private static string LongText(byte[] bytes) => Encoding.UTF8.GetString(bytes).TrimEnd('\0');

    /// <summary>Records that read "length key=value\n" each; length counts the whole record.</summary>
    private static void Attributes(ReadOnlySpan<byte> records, ref string? name, ref string? link, ref long? size)
    {
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            if (space <= 0 || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > records.Length || records[length - 1] != (byte)'\n')
            {
                throw new InvalidDataException("an extended header that is none");
            }

            var record = records[(space + 1)..(length - 1)];
            if (record.StartsWith("path="u8))
                name = Encoding.UTF8.GetString(record["path="u8.Length..]);
            else if (record.StartsWith("linkpath="u8))
                link = Encoding.UTF8.GetString(record["linkpath="u8.Length..]);
            else if (record.StartsWith("size="u8))
                size = long.TryParse(record["size="u8.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : -1;
            records = records[length..];
        }
    }
}

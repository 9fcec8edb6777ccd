using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Containerd.Client.Images.Archives;

/// <summary>
/// Passes a tar on to System.Formats.Tar and looks at every header on the way: that library reads extended headers into
/// memory whatever size they claim, and a hostile one claims gigabytes.
/// </summary>
internal sealed class TarLimitStream(Stream tar) : ReadOnlyStream
{
    /// <summary>The most bytes of an extended header, as Go's reader allows.</summary>
    public const int MaxExtendedHeader = 1 << 20;

    private const int BlockSize = 512;
    private const int SizeOffset = 124;
    private const int SizeLength = 12;
    private const int TypeOffset = 156;

    private readonly byte[] _header = new byte[BlockSize];
    private int _headerFilled;
    private long _dataLeft;
    private MemoryStream? _attributes;
    private int _attributesLeft;
    private long? _nextSize;
    private long _position;

    public override bool CanSeek => tar.CanSeek;

    public override long Length => tar.Length;

    /// <summary>Moves over data, which is all that the library moves over.</summary>
    public override long Position
    {
        get => _position;
        set
        {
            var distance = value - _position;
            if (distance == 0)
                return;
            if (distance < 0 || distance > _dataLeft || _attributesLeft > 0)
                throw new NotSupportedException("The tar can be moved over an entry's data only.");
            tar.Position += distance;
            _position = value;
            _dataLeft -= distance;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await tar.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _position += count;
        Look(buffer.Span[..count]);
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => Position = origin switch
    {
        SeekOrigin.Begin => offset,
        SeekOrigin.Current => _position + offset,
        _ => Length + offset,
    };

    private static bool IsExtended(char type) => type is 'x' or 'g' or 'X' or 'L' or 'K';

    private void Look(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_dataLeft > 0)
            {
                var passed = (int)Math.Min(_dataLeft, bytes.Length);
                KeepAttributes(bytes[..passed]);
                bytes = bytes[passed..];
                _dataLeft -= passed;
                continue;
            }

            var taken = Math.Min(BlockSize - _headerFilled, bytes.Length);
            bytes[..taken].CopyTo(_header.AsSpan(_headerFilled));
            bytes = bytes[taken..];
            _headerFilled += taken;
            if (_headerFilled == BlockSize)
            {
                _headerFilled = 0;
                LookAtHeader();
            }
        }
    }

    private void LookAtHeader()
    {
        if (!_header.AsSpan().ContainsAnyExcept((byte)0))
            return;
        var type = (char)_header[TypeOffset];
        var size = Number(_header.AsSpan(SizeOffset, SizeLength));
        if (IsExtended(type))
        {
            if (size is < 0 or > MaxExtendedHeader)
            {
                throw new InvalidContentException(
                    $"The archive has an extended header of {size} bytes; more than {MaxExtendedHeader} is no name or attribute of a file.");
            }

            (_attributes, _attributesLeft) = type == 'x' ? (new MemoryStream(), (int)size) : (null, 0);
        }
        else
        {
            size = _nextSize ?? size;
            _nextSize = null;
        }

        if (size is < 0 or > long.MaxValue - BlockSize)
            throw new InvalidContentException($"The archive has an entry of {size} bytes, which is no size.");
        _dataLeft = (size + BlockSize - 1) / BlockSize * BlockSize;
    }

    /// <summary>A file larger than a plain header can say has its size in the extended header before it.</summary>
    private void KeepAttributes(ReadOnlySpan<byte> data)
    {
        if (_attributesLeft == 0)
            return;
        var wanted = Math.Min(_attributesLeft, data.Length);
        _attributes!.Write(data[..wanted]);
        _attributesLeft -= wanted;
        if (_attributesLeft > 0)
            return;
        _nextSize = SizeAttribute(_attributes.ToArray());
        _attributes = null;
    }

    /// <summary>Finds "size" among records that read "length key=value\n" each.</summary>
    private static long? SizeAttribute(ReadOnlySpan<byte> records)
    {
        long? size = null;
        while (!records.IsEmpty)
        {
            var space = records.IndexOf((byte)' ');
            if (space <= 0 || !int.TryParse(records[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var length)
                || length <= space + 1 || length > records.Length)
            {
                return size;
            }

            var record = records[(space + 1)..length];
            if (record.StartsWith("size="u8)
                && long.TryParse(record["size="u8.Length..].TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                size = value;
            }

            records = records[length..];
        }

        return size;
    }

    /// <summary>A number of a header: octal digits, or with the highest bit set big-endian binary.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            // Bytes beyond the lowest eight can only make it larger than any file.
            return (field[0] & 0x7F) != 0 || field[1..^8].ContainsAnyExcept((byte)0) ? -1 : BinaryPrimitives.ReadInt64BigEndian(field[^8..]);
        }

        var text = Encoding.ASCII.GetString(field).Trim(' ', '\0');
        long value = 0;
        foreach (var digit in text)
        {
            if (digit is < '0' or > '7')
                return -1;
            value = (value * 8) + (digit - '0');
        }

        return value;
    }
}

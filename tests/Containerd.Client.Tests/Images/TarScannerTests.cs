using System.Formats.Tar;
using System.Text;
using Containerd.Client.Images.Archives;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Images;

/// <summary>The reader of tars that nobody vouches for, against the framework's writer and against garbage.</summary>
public class TarScannerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static readonly Gen<string> s_name = Gen.String[Gen.Char["abcdefghijklmnopqrstuvwxyzäöü€/ .-_"], 1, 300]
        .Select(name => name.Replace("//", "/", StringComparison.Ordinal).Trim('/', ' ', '.')).Where(name => name.Length > 0);

    private static readonly TarEntryType[] s_types =
        [TarEntryType.RegularFile, TarEntryType.RegularFile, TarEntryType.Directory, TarEntryType.SymbolicLink, TarEntryType.HardLink, TarEntryType.Fifo];

    private static readonly Gen<(TarEntryFormat Format, TarEntryType Type, string Name, string Link, byte[] Data)[]> s_entries =
        Gen.Select(
            Gen.Bool.Select(isPax => isPax ? TarEntryFormat.Pax : TarEntryFormat.Gnu),
            Gen.Int[0, s_types.Length - 1].Select(i => s_types[i]),
            s_name, s_name, Gen.Byte.Array[0, 2000]).Array[1, 12];

    [Fact]
    public void It_reads_what_the_framework_writes_in_every_format_seekable_or_not() => s_entries.Sample(entries =>
    {
        var tar = Write(entries);
        foreach (var stream in new Stream[] { new MemoryStream(tar), new PrefixedStream(tar, new MemoryStream()) })
        {
            var scanner = new TarScanner(stream);
            foreach (var (_, type, name, link, data) in entries)
            {
                var item = Next(scanner);
                Assert.NotNull(item);
                Assert.Equal((name, (char)(byte)type), (item.Name.TrimEnd('/'), (char)item.Type));
                Assert.Equal(type is TarEntryType.SymbolicLink or TarEntryType.HardLink ? link : "", item.LinkName);
                Assert.Equal(type == TarEntryType.RegularFile ? data.Length : 0, item.Size);
                Assert.Equal(tar.AsSpan((int)item.Offset, (int)item.Size).ToArray(), type == TarEntryType.RegularFile ? data : []);

                // Every other entry's data is read, the rest is moved over.
                if (item.Size % 2 == 0)
                    Assert.Equal(item.Size, Drain(scanner.OpenContent()));
            }

            Assert.Null(Next(scanner));
            Assert.True(scanner.EndSeen);
        }
    }, iter: 300);

    [Fact]
    public void What_is_cut_or_changed_ends_in_one_of_its_two_errors_or_in_an_end() => Gen.Select(s_entries, Gen.Int[0, 1_000_000], Gen.Int[0, 1_000_000], Gen.Byte).Sample((entries, cut, place, change) =>
    {
        var tar = Write(entries);
        tar = tar[..(cut % (tar.Length + 1))];
        if (tar.Length > 0)
            tar[place % tar.Length] ^= change;
        try
        {
            var scanner = new TarScanner(new MemoryStream(tar));
            for (var count = 0; Next(scanner) is not null; count++)
                Assert.True(count < 100);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            // Said for what it is.
        }
    }, iter: 1000);

    [Theory]
    [InlineData("77777777777", 8589934591)] // the largest octal size there is
    [InlineData("00000000000", 0)]
    [InlineData(" 17 ", 15)]
    public void Sizes_are_octal(string text, long size) => Assert.Equal(size, Next(new TarScanner(new MemoryStream(Header('0', Encoding.ASCII.GetBytes(text.PadRight(12, '\0'))))))!.Size);

    [Fact]
    public void Sizes_beyond_octal_are_binary()
    {
        byte[] size = [0x80, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0];
        Assert.Equal(4L << 32, Next(new TarScanner(new MemoryStream(Header('0', size))))!.Size);
        byte[] negative = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];
        Assert.Throws<InvalidDataException>(() => Next(new TarScanner(new MemoryStream(Header('0', negative)))));
    }

    [Fact]
    public void Links_and_directories_have_no_data_whatever_their_header_says()
    {
        // System.Formats.Tar refuses these, Go's reader and so containerd do not.
        var size = Encoding.ASCII.GetBytes("00000001000\0");
        byte[] tar = [.. Header('1', size), .. Header('5', size), .. Header('0', Encoding.ASCII.GetBytes("00000000000\0"))];
        var scanner = new TarScanner(new MemoryStream(tar));
        Assert.Equal([TarItemType.HardLink, TarItemType.Directory, TarItemType.File], [Next(scanner)!.Type, Next(scanner)!.Type, Next(scanner)!.Type]);
    }

    [Fact]
    public void A_size_in_an_extended_header_counts()
    {
        var record = Encoding.ASCII.GetBytes("20 size=10000000000\n");
        byte[] tar = [.. Header('x', Encoding.ASCII.GetBytes("00000000024\0")), .. record, .. new byte[512 - record.Length], .. Header('0', Encoding.ASCII.GetBytes("00000000001\0"))];
        Assert.Equal(10_000_000_000, Next(new TarScanner(new MemoryStream(tar)))!.Size);
    }

    [Theory]
    [InlineData("99999999999 path=x\n")]
    [InlineData("3 p")]
    [InlineData("no number path=x\n")]
    [InlineData("-9 path=x\n")]
    [InlineData("0 path=x\n")]
    [InlineData("10 path=xx ")]
    public void An_extended_header_that_is_none_is_said_to_be(string text)
    {
        var record = Encoding.ASCII.GetBytes(text);
        var size = Encoding.ASCII.GetBytes(Convert.ToString(record.Length, 8).PadLeft(11, '0') + "\0");
        byte[] tar = [.. Header('x', size), .. record, .. new byte[512 - record.Length], .. Header('0', new byte[12])];
        Assert.Throws<InvalidDataException>(() => Next(new TarScanner(new MemoryStream(tar))));
    }

    private static byte[] Write((TarEntryFormat Format, TarEntryType Type, string Name, string Link, byte[] Data)[] entries)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, leaveOpen: true))
        {
            foreach (var (format, type, name, link, data) in entries)
            {
                TarEntry entry = format == TarEntryFormat.Pax ? new PaxTarEntry(type, name) : new GnuTarEntry(type, name);
                if (type is TarEntryType.SymbolicLink or TarEntryType.HardLink)
                    entry.LinkName = link;
                if (type == TarEntryType.RegularFile)
                    entry.DataStream = new MemoryStream(data);
                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    private static byte[] Header(char type, byte[] size)
    {
        var header = new byte[512];
        "name"u8.CopyTo(header);
        size.CopyTo(header, 124);
        "        "u8.CopyTo(header.AsSpan(148));
        header[156] = (byte)type;
        "ustar\0"u8.CopyTo(header.AsSpan(257));
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }

    private static TarItem? Next(TarScanner scanner) => scanner.NextAsync(Token).AsTask().GetAwaiter().GetResult();

    private static long Drain(Stream stream)
    {
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.Length;
    }
}

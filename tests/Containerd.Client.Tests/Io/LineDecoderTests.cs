using System.Diagnostics;
using System.Text;
using Containerd.Client.Io;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Io;

public sealed class LineDecoderTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("one", new[] { "one" })]
    [InlineData("one\n", new[] { "one" })]
    [InlineData("one\r\ntwo", new[] { "one", "two" })]
    [InlineData("\n\n", new[] { "", "" })]
    [InlineData("50%\r100%\n", new[] { "50%\r100%" })]
    [InlineData("ends in return\r", new[] { "ends in return\r" })]
    [InlineData("wörter 漢字 🐧\n", new[] { "wörter 漢字 🐧" })]
    public void Lines_end_where_people_see_them_end(string text, string[] lines) =>
        Assert.Equal(lines, Decode([Encoding.UTF8.GetBytes(text)]));

    [Fact]
    public void Every_split_of_the_bytes_gives_the_same_lines()
    {
        // Few symbols, so that line breaks, pieces of characters and bytes that are no text meet often.
        var bytes = Gen.OneOf(
            AnyOf("a"u8.ToArray(), "\n"u8.ToArray(), "\r\n"u8.ToArray(), "\r"u8.ToArray(), "é"u8.ToArray(), "漢"u8.ToArray(), "🐧"u8.ToArray()),
            Gen.Byte.Select(b => new[] { b })).Array[0, 60].Select(parts => parts.SelectMany(p => p).ToArray());
        Gen.Select(bytes, Gen.Int[0, 60].Array[0, 10], Gen.Int[2, 9]).Sample((all, cuts, max) =>
            Decode(Split(all, cuts), max).SequenceEqual(Decode([all], max)), iter: 50_000);
    }

    [Fact]
    public void Lines_of_text_are_what_a_stream_reader_sees()
    {
        var words = AnyOf("one", "ä", "🐧", "", " ").Array[0, 5].Select(string.Concat);
        Gen.Select(words.Array[0, 20], AnyOf("\n", "\r\n"), Gen.Int[0, 200].Array[0, 10]).Sample((lines, ending, cuts) =>
        {
            var bytes = Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + ending)));
            return Decode(Split(bytes, cuts)).SequenceEqual(lines);
        });
    }

    [Fact]
    public void A_line_over_the_limit_comes_in_pieces_and_nothing_is_lost()
    {
        Assert.Equal(["aaaa", "aaaa", "aa", "b"], Decode(["aaaaaaaaaa\nb\n"u8.ToArray()], max: 4));
        Assert.Equal(["aaaa", "b"], Decode(["aaaa\r\nb"u8.ToArray()], max: 4));
        Assert.Equal(["abc", "🐧"], Decode(["abc🐧"u8.ToArray()], max: 4));

        var endless = Decode(Enumerable.Repeat(new byte[100_000], 50), max: 1_000_000);
        Assert.Equal(Enumerable.Repeat(1_000_000, 5), endless.Select(piece => piece.Length));
    }

    [Fact]
    public void Other_encodings_are_understood_even_those_of_two_bytes_a_character()
    {
        var utf16 = Encoding.Unicode.GetBytes("ün\r\nzwei\n");
        Assert.Equal(["ün", "zwei"], Decode(utf16.Select(b => new[] { b }), encoding: Encoding.Unicode));
        Assert.Equal(["ün"], Decode([Encoding.Latin1.GetBytes("ün\n")], encoding: Encoding.Latin1));
    }

    [Fact]
    public void A_decoder_can_be_used_for_the_next_stream_after_a_flush()
    {
        var decoder = new LineDecoder();
        var lines = new List<string>();
        decoder.Decode([0xC3], lines);
        decoder.Flush(lines);
        decoder.Decode("next"u8, lines);
        decoder.Flush(lines);
        Assert.Equal(["\uFFFD", "next"], lines);
    }

    [Fact]
    public void Sixty_four_MiB_of_lines_cost_little_more_than_their_strings()
    {
        var line = Encoding.UTF8.GetBytes(new string('x', 63) + "\n");
        var chunk = Enumerable.Repeat(line, 4096).SelectMany(l => l).ToArray();
        var decoder = new LineDecoder();
        var lines = new List<string>(4096);
        decoder.Decode(chunk, lines);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 256; i++)
        {
            lines.Clear();
            decoder.Decode(chunk, lines);
        }
        // 1 Mi strings of 63 characters are 152 bytes each.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 160L * 1024 * 1024);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    private static Gen<T> AnyOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static List<string> Decode(IEnumerable<byte[]> reads, int max = LineDecoder.DefaultMaxLineLength, Encoding? encoding = null)
    {
        var decoder = new LineDecoder(encoding, max);
        var lines = new List<string>();
        foreach (var read in reads)
            decoder.Decode(read, lines);
        decoder.Flush(lines);
        return lines;
    }

    private static IEnumerable<byte[]> Split(byte[] bytes, int[] cuts)
    {
        var start = 0;
        foreach (var cut in cuts.Where(c => c < bytes.Length).Order())
        {
            yield return bytes[start..cut];
            start = cut;
        }
        yield return bytes[start..];
    }
}

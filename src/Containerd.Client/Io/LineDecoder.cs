using System.Text;

namespace Containerd.Client.Io;

/// <summary>
/// Turns the bytes of a stream into lines of text, however the stream was cut: a character of several bytes, a <c>\r\n</c> and
/// a line each survive being split between two reads. Lines end with <c>\n</c> or <c>\r\n</c>; a lone <c>\r</c> is part of the line.
/// </summary>
/// <remarks>Bytes that are no text in the encoding become U+FFFD. Not thread-safe.</remarks>
public sealed class LineDecoder
{
    /// <summary>A line of more characters than this, 1 Mi, comes in pieces.</summary>
    public const int DefaultMaxLineLength = 1024 * 1024;

    private const int ChunkBytes = 32 * 1024;

    private readonly Decoder _decoder;
    private readonly char[] _chars;
    private readonly int _maxLineLength;
    private char[] _rest = [];
    private int _restLength;

    /// <summary>Makes a decoder at the start of a stream.</summary>
    /// <param name="encoding">UTF-8 by default.</param>
    /// <param name="maxLineLength">Characters; a longer line is cut into pieces of that length (one less where a surrogate pair would be torn).</param>
    public LineDecoder(Encoding? encoding = null, int maxLineLength = DefaultMaxLineLength)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLineLength, 2);
        encoding ??= Encoding.UTF8;
        _decoder = encoding.GetDecoder();
        _chars = new char[encoding.GetMaxCharCount(ChunkBytes)];
        _maxLineLength = maxLineLength;
    }

    /// <summary>Takes the next bytes and adds the lines that they complete.</summary>
    public void Decode(ReadOnlySpan<byte> bytes, ICollection<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        while (!bytes.IsEmpty)
        {
            var chunk = bytes[..Math.Min(bytes.Length, ChunkBytes)];
            bytes = bytes[chunk.Length..];
            Split(_chars.AsSpan(0, _decoder.GetChars(chunk, _chars, flush: false)), lines);
        }
    }

    /// <summary>The stream has ended: adds the last line if no line break ended it. Afterwards a new stream may begin.</summary>
    public void Flush(ICollection<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        Split(_chars.AsSpan(0, _decoder.GetChars([], _chars, flush: true)), lines);
        if (_restLength > 0)
            Emit(_rest.AsSpan(0, _restLength), lines);
        _restLength = 0;
        _rest = [];
    }

    private void Split(ReadOnlySpan<char> chars, ICollection<string> lines)
    {
        if (_restLength > 0)
        {
            var end = chars.IndexOf('\n');
            Keep(end < 0 ? chars : chars[..end]);
            if (end < 0)
            {
                EmitPieces(lines);
                return;
            }
            Emit(WithoutReturn(_rest.AsSpan(0, _restLength)), lines);
            _restLength = 0;
            chars = chars[(end + 1)..];
        }
        for (int end; (end = chars.IndexOf('\n')) >= 0; chars = chars[(end + 1)..])
            Emit(WithoutReturn(chars[..end]), lines);
        Keep(chars);
        EmitPieces(lines);
    }

    private static ReadOnlySpan<char> WithoutReturn(ReadOnlySpan<char> line) => line is [.. var text, '\r'] ? text : line;

    private void Keep(ReadOnlySpan<char> chars)
    {
        if (_restLength + chars.Length > _rest.Length)
            Array.Resize(ref _rest, Math.Max(256, Math.Max(_restLength + chars.Length, _rest.Length * 2)));
        chars.CopyTo(_rest.AsSpan(_restLength));
        _restLength += chars.Length;
    }

    // A whole line, or what is left of one that was given out in pieces.
    private void Emit(ReadOnlySpan<char> line, ICollection<string> lines)
    {
        while (line.Length > _maxLineLength)
        {
            var piece = PieceOf(line);
            lines.Add(new string(piece));
            line = line[piece.Length..];
        }
        lines.Add(new string(line));
    }

    // Of an unfinished line only what is a piece whatever follows: of one character more, that could be the \r of its end.
    private void EmitPieces(ICollection<string> lines)
    {
        var rest = _rest.AsSpan(0, _restLength);
        var before = rest.Length;
        while (rest.Length > _maxLineLength + 1)
        {
            var piece = PieceOf(rest);
            lines.Add(new string(piece));
            rest = rest[piece.Length..];
        }
        if (rest.Length == before)
            return;
        rest.CopyTo(_rest);
        _restLength = rest.Length;
    }

    private ReadOnlySpan<char> PieceOf(ReadOnlySpan<char> line) =>
        line[..(char.IsHighSurrogate(line[_maxLineLength - 1]) ? _maxLineLength - 1 : _maxLineLength)];
}

using System.Text;

namespace Containerd.Client.Io;

/// <summary>Hands a stream on as lines of text, in lists of those that came together; the last one even without a line break.</summary>
/// <param name="write">Takes the lines; the list is its own to keep. While its task is pending the process waits.</param>
/// <param name="encoding">UTF-8 by default.</param>
/// <param name="maxLineLength">Characters; longer lines come in pieces, see <see cref="LineDecoder"/>.</param>
public sealed class LineSink(
    Func<IReadOnlyList<string>, CancellationToken, ValueTask> write,
    Encoding? encoding = null,
    int maxLineLength = LineDecoder.DefaultMaxLineLength) : IByteSink
{
    private readonly LineDecoder _decoder = new(encoding, maxLineLength);

    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        _decoder.Decode(bytes.Span, lines);
        return HandOn(lines, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        var lines = new List<string>();
        _decoder.Flush(lines);
        return HandOn(lines, cancellationToken);
    }

    private ValueTask HandOn(List<string> lines, CancellationToken cancellationToken) =>
        lines.Count == 0 ? ValueTask.CompletedTask : write(lines, cancellationToken);
}

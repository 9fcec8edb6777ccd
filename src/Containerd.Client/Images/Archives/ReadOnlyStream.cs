namespace Containerd.Client.Images.Archives;

/// <summary>The base of streams that are read from beginning to end and do nothing else.</summary>
internal abstract class ReadOnlyStream : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public abstract override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        ReadAsync(buffer.AsMemory(offset, count), CancellationToken.None).AsTask().GetAwaiter().GetResult();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}

/// <summary>Bytes that were looked at already, and the rest of the stream they came from.</summary>
internal sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _prefix = prefix;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_prefix.IsEmpty)
            return rest.ReadAsync(buffer, cancellationToken);
        var count = Math.Min(buffer.Length, _prefix.Length);
        _prefix[..count].CopyTo(buffer);
        _prefix = _prefix[count..];
        return ValueTask.FromResult(count);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            rest.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>A part of a stream, by its length; the stream itself is left where the part ends.</summary>
internal sealed class PartStream(Stream whole, long length) : ReadOnlyStream
{
    /// <summary>How many bytes of the part are read.</summary>
    public long Count { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var left = length - Count;
        if (left == 0 || buffer.IsEmpty)
            return 0;
        var count = await whole.ReadAsync(buffer[..(int)Math.Min(buffer.Length, left)], cancellationToken).ConfigureAwait(false);
        if (count == 0)
            throw new EndOfStreamException($"the data ends {left} bytes too early");
        Count += count;
        return count;
    }

    /// <summary>Reads over what nobody wanted, so that the stream stands at the part's end.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Completes at the end.</returns>
    public Task SkipRestAsync(CancellationToken cancellationToken) => CopyToAsync(Null, cancellationToken);
}

/// <summary>
/// Passes data on and counts it, and ends the reading where it grows beyond all proportion: a few kilobytes that
/// decompress to terabytes would fill the server's disk.
/// </summary>
internal sealed class ExpansionLimitStream(Stream content, long mostBytes, Func<ContainerdException> tooMuch) : ReadOnlyStream
{
    private long _count;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        _count += count;
        return _count > mostBytes ? throw tooMuch() : count;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            content.Dispose();
        base.Dispose(disposing);
    }
}

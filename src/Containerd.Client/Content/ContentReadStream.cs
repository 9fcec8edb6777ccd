namespace Containerd.Client.Content;

/// <summary>
/// A blob as a stream. The pieces come in order, so their own offsets, which count from where the read began and not from
/// the blob's beginning (trap T25), are not looked at.
/// </summary>
internal sealed class ContentReadStream : Stream
{
    private readonly IAsyncEnumerator<Wire.Content.ReadContentResponse> _replies;
    private ReadOnlyMemory<byte> _piece;
    private long _position;

    public ContentReadStream(IAsyncEnumerable<Wire.Content.ReadContentResponse> replies, CancellationToken cancellationToken) =>
        _replies = replies.GetAsyncEnumerator(cancellationToken);

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_piece.IsEmpty)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!await _replies.MoveNextAsync().ConfigureAwait(false))
                return 0;
            _piece = _replies.Current.Data.Memory;
        }

        var count = Math.Min(buffer.Length, _piece.Length);
        _piece[..count].CopyTo(buffer);
        _piece = _piece[count..];
        _position += count;
        return count;
    }

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

    public override async ValueTask DisposeAsync()
    {
        await _replies.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    protected override void Dispose(bool disposing)
    {
        // The enumerator only disposes the call, which completes at once.
        if (disposing)
            _replies.DisposeAsync().AsTask().GetAwaiter().GetResult();
        base.Dispose(disposing);
    }
}

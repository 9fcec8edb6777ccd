using System.Buffers;
using System.Threading.Channels;

namespace Containerd.Client.Images.Archives;

/// <summary>Bytes on their way from one task to another, in pieces; a writer that is too far ahead waits for the reader.</summary>
internal sealed class ByteQueue
{
    private readonly Channel<Piece> _pieces;

    /// <summary>Makes a queue.</summary>
    /// <param name="mostPieces">How many pieces the writer may be ahead.</param>
    public ByteQueue(int mostPieces)
    {
        _pieces = Channel.CreateBounded<Piece>(new BoundedChannelOptions(mostPieces) { SingleReader = true, SingleWriter = true });
        Reader = new ReadingStream(_pieces.Reader);
        Writer = new WritingStream(this);
    }

    /// <summary>What the reader reads from.</summary>
    public Stream Reader { get; }

    /// <summary>The writer's end as a stream, each write of which is a piece.</summary>
    public Stream Writer { get; }

    /// <summary>Queues a copy of bytes.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <param name="cancellationToken">Ends the wait for room.</param>
    /// <returns>Completes when they are queued.</returns>
    /// <exception cref="ChannelClosedException">The queue is completed.</exception>
    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (bytes.IsEmpty)
            return;
        var copy = ArrayPool<byte>.Shared.Rent(bytes.Length);
        bytes.CopyTo(copy);
        await _pieces.Writer.WriteAsync(new Piece(copy, bytes.Length), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>No more will be written, or none read.</summary>
    /// <param name="error">What the reader gets at the end instead of the end; null for none.</param>
    public void Complete(Exception? error = null) => _pieces.Writer.TryComplete(error);

    private readonly record struct Piece(byte[] Buffer, int Count);

    private sealed class ReadingStream(ChannelReader<Piece> pieces) : ReadOnlyStream
    {
        private Piece _piece = new([], 0);
        private int _read;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_read == _piece.Count)
            {
                if (_piece.Count > 0)
                    ArrayPool<byte>.Shared.Return(_piece.Buffer);
                (_piece, _read) = (new Piece([], 0), 0);
                if (!await pieces.WaitToReadAsync(cancellationToken).ConfigureAwait(false) || !pieces.TryRead(out _piece))
                    return 0;
            }

            var count = Math.Min(buffer.Length, _piece.Count - _read);
            _piece.Buffer.AsMemory(_read, count).CopyTo(buffer);
            _read += count;
            return count;
        }
    }

    private sealed class WritingStream(ByteQueue queue) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            queue.WriteAsync(buffer, cancellationToken);

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            queue.WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Write(byte[] buffer, int offset, int count) =>
            WriteAsync(buffer, offset, count, CancellationToken.None).GetAwaiter().GetResult();

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

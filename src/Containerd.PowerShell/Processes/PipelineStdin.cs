using System.Buffers;

namespace Containerd.PowerShell.Processes;

/// <summary>
/// What comes down the pipeline, as the stdin of a process: every object a line of text (UTF-8), bytes as they are. The pipeline's thread
/// writes, the client reads; how much lies between them is bounded, but it is the writer who has to look whether there is room.
/// </summary>
/// <param name="onRoom">Called when the reader has made room or is gone.</param>
internal sealed class PipelineStdin(Action onRoom) : Stream
{
    private const int Capacity = 256 * 1024;

    private readonly object _gate = new();
    private readonly SemaphoreSlim _changed = new(0);
    private ArrayBufferWriter<byte> _written = new();
    private ArrayBufferWriter<byte> _reading = new();
    private int _read;
    private bool _complete;
    private bool _abandoned;

    /// <summary>Whether another object may be written. It may always be once nobody reads any more: it is thrown away.</summary>
    public bool HasRoom
    {
        get
        {
            lock (_gate)
                return _abandoned || _written.WrittenCount < Capacity;
        }
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Writes an object of the pipeline.</summary>
    /// <param name="value">A text or any other object: a line; a byte or bytes: as they are; null: nothing.</param>
    public void Feed(object? value)
    {
        lock (_gate)
        {
            if (_abandoned)
                return;
            StdinText.Write(value, _written);
        }

        Changed();
    }

    /// <summary>No more objects will come.</summary>
    public void Complete()
    {
        lock (_gate)
            _complete = true;
        Changed();
    }

    /// <summary>Nobody reads any more.</summary>
    public void Abandon()
    {
        lock (_gate)
            _abandoned = true;
        onRoom();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            lock (_gate)
            {
                if (_read == _reading.WrittenCount && _written.WrittenCount > 0)
                {
                    (_reading, _written) = (_written, _reading);
                    _written.ResetWrittenCount();
                    _read = 0;
                    onRoom();
                }

                var count = Math.Min(buffer.Length, _reading.WrittenCount - _read);
                if (count > 0)
                {
                    _reading.WrittenMemory.Slice(_read, count).CopyTo(buffer);
                    _read += count;
                    return count;
                }

                if (_complete)
                    return 0;
            }

            await _changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    private void Changed()
    {
        if (_changed.CurrentCount == 0)
            _changed.Release();
    }
}

using System.Text;

namespace Containerd.Client.Io;

/// <summary>Keeps the first bytes of a stream in memory, up to a limit, and lets the rest go by.</summary>
public sealed class BufferSink : IByteSink
{
    /// <summary>64 MiB.</summary>
    public const int DefaultLimit = 64 * 1024 * 1024;

    private readonly object _gate = new();
    private readonly int _limit;
    private byte[] _bytes = [];
    private int _length;
    private bool _truncated;

    /// <summary>Makes an empty buffer.</summary>
    /// <param name="limit">How many bytes are kept.</param>
    public BufferSink(int limit = DefaultLimit)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        _limit = limit;
    }

    /// <summary>How many bytes are kept so far.</summary>
    public int Length
    {
        get
        {
            lock (_gate)
                return _length;
        }
    }

    /// <summary>More came than is kept.</summary>
    public bool Truncated
    {
        get
        {
            lock (_gate)
                return _truncated;
        }
    }

    /// <summary>The kept bytes as an array of their own.</summary>
    public byte[] ToArray()
    {
        lock (_gate)
            return _bytes.AsSpan(0, _length).ToArray();
    }

    /// <summary>The kept bytes as text; UTF-8 unless told otherwise.</summary>
    public string GetText(Encoding? encoding = null)
    {
        lock (_gate)
            return (encoding ?? Encoding.UTF8).GetString(_bytes, 0, _length);
    }

    /// <inheritdoc/>
    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            var kept = Math.Min(bytes.Length, _limit - _length);
            _truncated |= kept < bytes.Length;
            if (_length + kept > _bytes.Length)
                Grow(_length + kept);
            bytes.Span[..kept].CopyTo(_bytes.AsSpan(_length));
            _length += kept;
        }
        return ValueTask.CompletedTask;
    }

    private void Grow(int needed)
    {
        var capacity = (int)Math.Min(_limit, Math.Max(needed, Math.Max(4096L, _bytes.Length * 2L)));
        // Array.Resize would clear what is written over at once.
        var bytes = GC.AllocateUninitializedArray<byte>(capacity);
        _bytes.AsSpan(0, _length).CopyTo(bytes);
        _bytes = bytes;
    }
}

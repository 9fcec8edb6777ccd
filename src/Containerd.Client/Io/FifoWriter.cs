using Containerd.Client.Native;

namespace Containerd.Client.Io;

/// <summary>The writing end of a stdin FIFO. What fits is written at once by the caller; for the rest epoll says when.</summary>
internal sealed class FifoWriter : IPollTarget
{
    private const int LargeCapacity = 1024 * 1024;
    private const int LongestLookMilliseconds = 16;

    private readonly object _gate = new();
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly FifoPoller _poller;
    private readonly string _path;
    private readonly FileDescriptor _fd;
    private readonly long _token;
    private FileDescriptor? _keeper;
    private TaskCompletionSource? _writable;
    private bool _watched;
    private bool _connected;
    private bool _closed;

    /// <summary>Opens a FIFO that no process reads yet.</summary>
    /// <param name="poller">Serves the FIFO.</param>
    /// <param name="path">An existing FIFO.</param>
    /// <param name="attach">The process has it open already.</param>
    /// <exception cref="NativeException">The FIFO can't be opened; ENXIO with <paramref name="attach"/>: no process reads it.</exception>
    public FifoWriter(FifoPoller poller, string path, bool attach)
    {
        _poller = poller;
        _path = path;
        // The shim opens its end during the RPC. Until then we are the reader ourselves, or opening would fail and a write be refused.
        _keeper = attach ? null : FileDescriptor.Open(path, LibC.O_RDONLY);
        try
        {
            _fd = FileDescriptor.Open(path, LibC.O_WRONLY);
            _token = poller.Register(this);
        }
        catch
        {
            _keeper?.Dispose();
            _fd?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The RPC has returned in which the shim opens its end. It does that in the background, so the end may open a moment later; once it has
    /// been open, nobody reading means that nobody ever will again.
    /// </summary>
    public void Connected()
    {
        lock (_gate)
        {
            _connected = true;
            _writable?.TrySetResult();
        }
    }

    /// <summary>Writes all, waiting for room; false if nobody reads any more. Calls are served one after the other.</summary>
    public async ValueTask<bool> WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!bytes.IsEmpty)
            {
                await MeetReaderAsync(cancellationToken).ConfigureAwait(false);
                Task writable;
                lock (_gate)
                {
                    if (_closed)
                        return false;
                    switch (_fd.Write(bytes.Span))
                    {
                        case FileDescriptor.NoReader:
                            return false;
                        case FileDescriptor.WouldBlock:
                            if (bytes.Length >= LargeCapacity / 4 && _writable is null)
                                _fd.TrySetPipeCapacity(LargeCapacity);
                            writable = WaitUntilWritable();
                            break;
                        case var count:
                            bytes = bytes[count..];
                            continue;
                    }
                }
                await writable.WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Closes our end after the writes that were begun (trap T11: before CloseIO).</summary>
    public async ValueTask CloseAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await MeetReaderAsync(cancellationToken).ConfigureAwait(false);
            Abort();
        }
        finally
        {
            _turn.Release();
        }
    }

    public void OnReady()
    {
        lock (_gate)
            _writable?.TrySetResult();
    }

    /// <summary>Closes our end now; a write under way ends as though nobody read any more.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
            if (_watched)
                _poller.Unwatch(_fd);
            _poller.Unregister(_token);
            _fd.Dispose();
            _keeper?.Dispose();
            _keeper = null;
            _writable?.TrySetResult();
        }
    }

    /// <summary>
    /// Waits until the shim has opened its end, and only then lets go of ours: were the FIFO closed before, what is in it would be lost, and the
    /// shim would wait for ever for a writer to come. The kernel tells nobody when a reader comes, so it is looked for.
    /// </summary>
    private async ValueTask MeetReaderAsync(CancellationToken cancellationToken)
    {
        for (var pause = 1; !MeetReader(); pause = Math.Min(2 * pause, LongestLookMilliseconds))
            await Task.Delay(pause, cancellationToken).ConfigureAwait(false);
    }

    private bool MeetReader()
    {
        lock (_gate)
        {
            if (_keeper is null || !_connected)
                return true;
            // Without a reader a FIFO can't be opened to write (ENXIO), and without ours any reader is the shim.
            _keeper.Dispose();
            using var probe = FileDescriptor.TryOpen(_path, LibC.O_WRONLY);
            _keeper = probe is null ? FileDescriptor.Open(_path, LibC.O_RDONLY) : null;
            return probe is not null;
        }
    }

    private Task WaitUntilWritable()
    {
        _writable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_watched)
            _poller.WatchAgain(_fd, Epoll.Writable | Epoll.Once, _token);
        else
            _poller.Watch(_fd, Epoll.Writable | Epoll.Once, _token);
        _watched = true;
        return _writable.Task;
    }
}

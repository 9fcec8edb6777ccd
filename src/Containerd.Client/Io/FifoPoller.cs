using System.Collections.Concurrent;
using Containerd.Client.Native;

namespace Containerd.Client.Io;

/// <summary>
/// Serves all FIFOs of a session with one thread, which starts with the first FIFO and ends with <see cref="Dispose"/>. It
/// waits in epoll, so that nothing ever blocks in a read or write and everything can be cancelled at once.
/// </summary>
/// <remarks>
/// epoll and not plain reads for end of file too: before the first writer came, a read of a FIFO gives 0 as it does at the
/// end, while epoll reports nothing before the first writer and a hang-up after the last (trap T6).
/// </remarks>
public sealed class FifoPoller : IDisposable
{
    /// <summary>What one read takes at most. Larger ones fall out of the processor's cache and are slower.</summary>
    internal const int BufferSize = 256 * 1024;

    // Buffers beyond these, lent to slow sinks, go to the garbage collector when they come back.
    private const int KeptBuffers = 4;
    private const long WakeUpToken = 0;

    private readonly object _gate = new();
    private readonly ConcurrentDictionary<long, IPollTarget> _targets = new();
    private readonly ConcurrentBag<byte[]> _buffers = [];
    private readonly string _name;
    private Epoll? _epoll;
    private WakeUp? _wakeUp;
    private Thread? _thread;
    private byte[]? _buffer;
    private long _lastToken = WakeUpToken;
    private bool _disposed;
    private volatile bool _stopping;

    /// <summary>Makes a poller; no thread and no descriptor yet.</summary>
    /// <param name="name">Names the thread, for whoever looks at it in a debugger.</param>
    public FifoPoller(string name = "containerd FIFOs") => _name = name;

    /// <summary>How many FIFOs are being served.</summary>
    public int Count => _targets.Count;

    /// <summary>Where the poller's thread reads to: for use in <see cref="IPollTarget.OnReady"/> only.</summary>
    internal byte[] Buffer => _buffer ??= _buffers.TryTake(out var kept) ? kept : GC.AllocateUninitializedArray<byte>(BufferSize, pinned: true);

    /// <summary>Aborts all that is still served, ends the thread and waits for that.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
        }
        foreach (var target in _targets.Values)
            target.Abort();
        // Only now nothing uses the epoll any more and the thread may close it.
        _stopping = true;
        _wakeUp?.Ring();
        // A sink may remove the session it runs in: then this is the thread itself, which ends when the sink returns.
        if (_thread != Thread.CurrentThread)
            _thread?.Join();
    }

    /// <summary>A token for a target that can be watched from now on.</summary>
    /// <exception cref="ObjectDisposedException">The session has ended.</exception>
    internal long Register(IPollTarget target)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_thread is null)
            {
                _epoll = new Epoll();
                _wakeUp = new WakeUp();
                _epoll.Add(_wakeUp.Descriptor, Epoll.Readable, WakeUpToken);
                _thread = new Thread(Run) { IsBackground = true, Name = _name };
                // Whoever is first must not have its ambient state (AsyncLocals) flow into the sinks of all others.
                _thread.UnsafeStart();
            }
            var token = ++_lastToken;
            _targets[token] = target;
            return token;
        }
    }

    internal void Watch(FileDescriptor fd, uint events, long token) => _epoll!.Add(fd, events, token);

    internal void WatchAgain(FileDescriptor fd, uint events, long token) => _epoll!.Modify(fd, events, token);

    internal void Unwatch(FileDescriptor fd) => _epoll!.Remove(fd);

    internal void Unregister(long token) => _targets.TryRemove(token, out _);

    /// <summary>Takes <see cref="Buffer"/> out of the poller's hands, which reads to another one until it is given back.</summary>
    internal byte[] LendBuffer()
    {
        var buffer = Buffer;
        _buffer = null;
        return buffer;
    }

    internal void ReturnBuffer(byte[] buffer)
    {
        if (_buffers.Count < KeptBuffers)
            _buffers.Add(buffer);
    }

    private void Run()
    {
        while (!_stopping)
        {
            var ready = _epoll!.Wait();
            for (var i = 0; i < ready; i++)
                // A token that is gone was unregistered after epoll had reported it.
                if (_targets.TryGetValue(_epoll.Token(i), out var target))
                    target.OnReady();
        }
        _epoll!.Dispose();
        _wakeUp!.Dispose();
    }
}

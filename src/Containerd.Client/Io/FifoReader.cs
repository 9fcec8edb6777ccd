using System.Runtime.CompilerServices;
using Containerd.Client.Native;

namespace Containerd.Client.Io;

/// <summary>The reading end of one FIFO: read when epoll says so, not watched while its sink is busy.</summary>
internal sealed class FifoReader : OutputPump, IPollTarget
{
    // A pipe holds 64 KiB unless told otherwise (pipe(7)). Whoever fills that gets more, so that writer and reader take turns less
    // often; most processes never do, and a user has only so many pages of pipe.
    private const int DefaultCapacity = 64 * 1024;
    private const int LargeCapacity = 1024 * 1024;

    private readonly object _gate = new();
    private readonly FifoPoller _poller;
    private readonly FileDescriptor _fd;
    private readonly Action _onDelivered;
    private readonly long _token;
    private State _state = State.Reading;
    private bool _watched;
    private bool _paused;
    private bool _stopRequested;
    private bool _enlarged;
    private byte[]? _lent;
    private ConfiguredValueTaskAwaitable.ConfiguredValueTaskAwaiter _delivery;

    /// <summary>Opens the FIFO, before the process's side does, and reads it from now on.</summary>
    /// <param name="poller">Serves the FIFO.</param>
    /// <param name="path">An existing FIFO.</param>
    /// <param name="attach">The process has it open already: if none has, it has ended, and so has the stream.</param>
    /// <param name="sink">Takes the bytes.</param>
    /// <param name="aborted">Handed to the sink.</param>
    /// <exception cref="NativeException">The FIFO can't be opened.</exception>
    public FifoReader(FifoPoller poller, string path, bool attach, IByteSink sink, CancellationToken aborted)
        : base(sink, aborted)
    {
        _poller = poller;
        _onDelivered = OnDelivered;
        _fd = FileDescriptor.Open(path, LibC.O_RDONLY);
        try
        {
            // A FIFO hangs up only after a writer came and went. One that comes and goes here makes it tell us at once
            // if the process's side is gone, and changes nothing if it isn't.
            if (attach)
                FileDescriptor.Open(path, LibC.O_WRONLY).Dispose();
            _token = poller.Register(this);
            lock (_gate)
                if (_state == State.Reading)
                {
                    _poller.Watch(_fd, Epoll.Readable, _token);
                    _watched = true;
                }
        }
        catch
        {
            _poller.Unregister(_token);
            _fd.Dispose();
            throw;
        }
    }

    private enum State
    {
        Reading,
        Delivering,
        Ended,
    }

    public override bool IsBusy
    {
        get
        {
            // The poller's thread may just not have had its turn yet on a machine that is busy.
            lock (_gate)
                return _state == State.Delivering || (_state == State.Reading && _fd.IsReadable);
        }
    }

    public void OnReady()
    {
        var count = 0;
        try
        {
            lock (_gate)
            {
                if (_state != State.Reading)
                    return;
                count = _fd.Read(_poller.Buffer);
                if (count == FileDescriptor.WouldBlock)
                    return;
                if (count == 0)
                {
                    Close();
                }
                else
                {
                    Count(count);
                    if (count >= DefaultCapacity && !_enlarged)
                    {
                        _enlarged = true;
                        _fd.TrySetPipeCapacity(LargeCapacity);
                    }
                    if (Failed)
                        return;
                    _state = State.Delivering;
                }
            }
        }
        catch (NativeException e)
        {
            Fail(e);
            Stop();
            return;
        }
        if (count == 0)
            _ = FinishAsync();
        else
            Deliver(count);
    }

    public override void Stop()
    {
        lock (_gate)
        {
            if (_state == State.Delivering)
                _stopRequested = true;
            if (_state != State.Reading)
                return;
            Close();
        }
        _ = FinishAsync();
    }

    public override void Abort()
    {
        lock (_gate)
            if (_state != State.Ended)
                Close();
        SetAborted();
    }

    private void Deliver(int count)
    {
        try
        {
            var delivery = Sink.WriteAsync(_poller.Buffer.AsMemory(0, count), Aborted).ConfigureAwait(false).GetAwaiter();
            if (!delivery.IsCompleted)
            {
                lock (_gate)
                {
                    _lent = _poller.LendBuffer();
                    // A hang-up can't be masked, but it is told at most once more.
                    if (_state == State.Delivering)
                        _poller.WatchAgain(_fd, Epoll.Once, _token);
                    _paused = true;
                }
                _delivery = delivery;
                delivery.UnsafeOnCompleted(_onDelivered);
                return;
            }
            delivery.GetResult();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        Resume();
    }

    private void OnDelivered()
    {
        try
        {
            _delivery.GetResult();
        }
        catch (Exception e)
        {
            Fail(e);
        }
        _poller.ReturnBuffer(_lent!);
        _lent = null;
        Resume();
    }

    private void Resume()
    {
        lock (_gate)
        {
            // Aborted meanwhile: that has said all there is to say.
            if (_state == State.Ended)
                return;
            Touch();
            if (!_stopRequested)
            {
                _state = State.Reading;
                if (_paused)
                    _poller.WatchAgain(_fd, Epoll.Readable, _token);
                _paused = false;
                return;
            }
            Close();
        }
        _ = FinishAsync();
    }

    private void Close()
    {
        _state = State.Ended;
        if (_watched)
            _poller.Unwatch(_fd);
        _poller.Unregister(_token);
        _fd.Dispose();
    }
}

namespace Containerd.Client.Io;

/// <summary>One FIFO that a <see cref="FifoPoller"/> serves.</summary>
internal interface IPollTarget
{
    /// <summary>The FIFO is ready, or was a moment ago. Called on the poller's thread; must not block and must not throw.</summary>
    void OnReady();

    /// <summary>Ends at once: the session is going away.</summary>
    void Abort();
}

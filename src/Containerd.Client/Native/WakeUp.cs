namespace Containerd.Client.Native;

/// <summary>A descriptor that one thread can make readable to wake another out of its wait (eventfd(2)).</summary>
internal sealed class WakeUp : IDisposable
{
    public WakeUp()
    {
        var fd = LibC.EventFd(0, LibC.EFD_CLOEXEC | LibC.EFD_NONBLOCK);
        if (fd < 0)
            throw NativeException.Last("create an eventfd");
        Descriptor = new FileDescriptor(fd);
    }

    /// <summary>Readable from the first <see cref="Ring"/> on.</summary>
    public FileDescriptor Descriptor { get; }

    public void Ring() => Descriptor.Write([1, 0, 0, 0, 0, 0, 0, 0]);

    public void Dispose() => Descriptor.Dispose();
}

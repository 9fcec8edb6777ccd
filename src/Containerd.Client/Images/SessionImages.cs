namespace Containerd.Client.Images;

/// <summary>What a session remembers of images; all views of a client share it.</summary>
internal sealed class SessionImages
{
    public ImageCache Documents { get; } = new();

    public RootFileCache Files { get; } = new();

    public ServerPlatform Platform { get; } = new();
}

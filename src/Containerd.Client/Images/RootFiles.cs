using System.Collections.Concurrent;
using Containerd.Client.Snapshots;

namespace Containerd.Client.Images;

/// <summary>
/// Reads files of a container's root file system, such as its user file, without mounting it. On the server's own machine
/// they are read from the snapshot's directories; else, for an image, from its layers' blobs.
/// </summary>
public sealed class RootFiles
{
    // What users are looked up in: one pass over the layers finds both.
    private static readonly string[] s_userFiles = ["/etc/passwd", "/etc/group"];

    private readonly ContainerdClient _client;
    private readonly PlatformImage? _image;
    private readonly Func<CancellationToken, ValueTask<IReadOnlyList<Mount>>> _mounts;
    private readonly RootFileCache _cache;

    internal RootFiles(
        ContainerdClient client, PlatformImage? image, Func<CancellationToken, ValueTask<IReadOnlyList<Mount>>> mounts, RootFileCache cache) =>
        (_client, _image, _mounts, _cache) = (client, image, mounts, cache);

    /// <summary>
    /// Reads a file as text. Links are resolved inside the root file system only. What was read of an image is remembered
    /// for the session.
    /// </summary>
    /// <param name="path">The file's path from the root, such as /etc/passwd.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    /// <returns>The text; null where there is no regular file of that path.</returns>
    /// <exception cref="InvalidContentException">The file is larger than 10 MiB, or a layer is broken.</exception>
    /// <exception cref="FailedPreconditionException">The root file system comes from no image and is not on this machine.</exception>
    public async ValueTask<string?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        if (_image is not null && _cache.TryGet(_image.ChainId, path, out var known))
            return known;
        if (_client.Session.IsLocal && LayeredDirectory.TryOpen(await _mounts(cancellationToken).ConfigureAwait(false)) is { } directory)
        {
            try
            {
                var text = await directory.ReadAsync(path, cancellationToken).ConfigureAwait(false);
                if (_image is not null)
                    _cache.Keep(_image.ChainId, path, text);
                return text;
            }
            catch (IOException) when (_image is not null)
            {
                // Without the rights of root the directories cannot be read, the blobs can.
            }
            finally
            {
                directory.Dispose();
            }
        }

        if (_image is null)
        {
            throw new FailedPreconditionException(
                $"Cannot read {path} of the root file system: that needs the machine that containerd runs on, and the rights of root there. Give numbers instead of names.");
        }

        var paths = s_userFiles.Contains(path) ? s_userFiles : [path];
        var texts = await new LayerFileReader(_client.Content, _image.Layers).ReadAsync(paths, cancellationToken).ConfigureAwait(false);
        foreach (var (read, text) in texts)
            _cache.Keep(_image.ChainId, read, text);
        return texts[path];
    }
}

/// <summary>Files of images that a session has read. A chain id names the file system's content, so they never change.</summary>
internal sealed class RootFileCache
{
    private const int MostFiles = 1024;
    private const int LargestKept = 1 << 20;

    private readonly ConcurrentDictionary<(string ChainId, string Path), string?> _texts = new();

    public bool TryGet(string chainId, string path, out string? text) => _texts.TryGetValue((chainId, path), out text);

    public void Keep(string chainId, string path, string? text)
    {
        if (text?.Length > LargestKept)
            return;
        if (_texts.Count >= MostFiles)
            _texts.Clear();
        _texts[(chainId, path)] = text;
    }
}

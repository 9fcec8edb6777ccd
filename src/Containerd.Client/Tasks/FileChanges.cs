namespace Containerd.Client.Tasks;

/// <summary>Tells that a file has changed. Where the system can't watch it (too many watchers, a remote file system), only the time limit ends a wait.</summary>
internal sealed class FileChanges : IDisposable
{
    private readonly SemaphoreSlim _changed = new(0);
    private readonly FileSystemWatcher? _watcher;

    public FileChanges(string path)
    {
        try
        {
            _watcher = new FileSystemWatcher(Path.GetDirectoryName(path)!, Path.GetFileName(path)) { NotifyFilter = NotifyFilters.Size | NotifyFilters.LastWrite };
            _watcher.Changed += (_, _) => _changed.Release();
            _watcher.EnableRaisingEvents = true;
        }
        catch (IOException)
        {
            _watcher?.Dispose();
            _watcher = null;
        }
    }

    /// <summary>Waits for a change since the last wait.</summary>
    /// <param name="limit">How long at most.</param>
    /// <param name="over">Ends the wait when it completes; a completed one does not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>True for a change.</returns>
    public async Task<bool> WaitAsync(TimeSpan limit, Task over, CancellationToken cancellationToken)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var change = _changed.WaitAsync(limit, enough.Token);
        var first = over.IsCompleted ? change : await Task.WhenAny(change, over).ConfigureAwait(false);
        if (first != change)
        {
            await enough.CancelAsync().ConfigureAwait(false);
            await FailedStart.EndedAsync(change).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            return false;
        }

        // Many changes are as good as one.
        var changed = await change.ConfigureAwait(false);
        while (changed && _changed.Wait(0, CancellationToken.None))
        {
        }

        return changed;
    }

    public void Dispose()
    {
        _watcher?.Dispose();
        _changed.Dispose();
    }
}

namespace Containerd.Client.Tasks;

/// <summary>
/// Deletes exec processes that nobody waits for when they have ended: until then the shim keeps them and their ids (trap T13). One for a
/// session; when that ends, what still runs goes on and stays in its shim until the container's task is deleted.
/// </summary>
internal sealed class ExecReaper : IDisposable
{
    // Never disposed: it has no timer, and waits that are ending may still look at it.
    private readonly CancellationTokenSource _over = new();
    private int _count;

    /// <summary>How many are waited for.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Takes care of a process that was started.</summary>
    public void Adopt(TaskCalls calls, IAttachable process)
    {
        Interlocked.Increment(ref _count);
        _ = ReapAsync(calls, process);
    }

    public void Dispose() => _over.Cancel();

    private async Task ReapAsync(TaskCalls calls, IAttachable process)
    {
        try
        {
            await new ExitWait(calls, process.ContainerId, process.ExecId).RunAsync(_over.Token).ConfigureAwait(false);
            await process.DeleteAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ContainerdException)
        {
            // The session has ended, or the server is gone for good: there is nobody to tell, and nothing to be done about it.
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }
}

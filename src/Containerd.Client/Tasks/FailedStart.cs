namespace Containerd.Client.Tasks;

/// <summary>
/// Takes away a process whose start failed or was given up: what goes on in the server is waited for, what runs is killed, what exists is
/// deleted. Bound to no token of the caller's; every call has its own deadline.
/// </summary>
internal sealed class FailedStart(IAttachable process, Task create, Task<int>? start)
{
    // What the kernel kills is gone in no time; a shim may hang, though.
    private static readonly TimeSpan s_killTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Cleans up; what fails on the way is not told, because the error that led here is.</summary>
    /// <param name="exit">The wait for the exit; null where there is none.</param>
    public async Task CleanUpAsync(Task<ExitStatus>? exit)
    {
        await EndedAsync(create).ConfigureAwait(false);
        if (start is not null)
            await EndedAsync(start).ConfigureAwait(false);
        if (start is not null && MayHaveHappened(start) && exit is not { IsCompletedSuccessfully: true })
        {
            await IgnoringAsync(process.KillAsync(start.IsCompletedSuccessfully ? await start.ConfigureAwait(false) : 0)).ConfigureAwait(false);
            using var patience = new Patience(s_killTimeout);
            if (exit is not null)
                await EndedAsync(exit.WaitAsync(patience.Token)).ConfigureAwait(false);
        }

        if (MayHaveHappened(create))
            await IgnoringAsync(process.DeleteAsync()).ConfigureAwait(false);
    }

    /// <summary>Completes when a task has ended, however that was.</summary>
    public static Task EndedAsync(Task? task) =>
        task?.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
        ?? Task.CompletedTask;

    // Of a call whose answer did not come in time nobody knows.
    private static bool MayHaveHappened(Task call) => !call.IsFaulted || call.Exception.InnerException is TimeoutException;

    private static async Task IgnoringAsync(Task step)
    {
        try
        {
            await step.ConfigureAwait(false);
        }
        catch (ContainerdException)
        {
        }
    }
}

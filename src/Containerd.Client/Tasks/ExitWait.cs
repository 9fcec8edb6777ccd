using Containerd.Client.Connection;
using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tasks;

/// <summary>Waits for the exit of one process, across restarts of containerd (trap T14) and the death of its shim (trap T18).</summary>
internal sealed class ExitWait(TaskCalls calls, string id, string execId)
{
    public async Task<ExitStatus> RunAsync(CancellationToken cancellationToken)
    {
        var request = new WaitRequest { ContainerId = id, ExecId = execId };
        var away = false;
        while (true)
        {
            try
            {
                var reply = await calls.CallAsync(
                    "wait for", id, execId, o => calls.Service.WaitAsync(request, o), cancellationToken, Timeout.InfiniteTimeSpan).ConfigureAwait(false);
                return ExitStatus.From(reply.ExitStatus, reply.ExitedAt.ToTime());
            }
            catch (NotFoundException) when (away)
            {
                // 1.7 and 2 delete at start-up what ended while they were down.
                return ExitStatus.Lost;
            }
            catch (ShimGoneException)
            {
                return ExitStatus.Lost;
            }
            catch (ContainerdException e) when (IsServerGone(e))
            {
                away = true;
            }

            await ServingWait.UntilServingAsync(calls.Scope, cancellationToken).ConfigureAwait(false);
        }
    }

    // A daemon that is told to end cancels the calls it serves; one that is killed just disappears.
    private bool IsServerGone(ContainerdException error) =>
        !calls.Scope.Channel.IsDisposed && error is { Status: ServerStatus.Unavailable or ServerStatus.Cancelled };
}

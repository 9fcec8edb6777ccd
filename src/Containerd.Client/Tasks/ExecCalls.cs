using Containerd.Client.Io;
using Containerd.Client.Oci;
using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tasks;

/// <summary>The calls about one exec process.</summary>
internal sealed class ExecCalls(TaskCalls calls, string id, string execId, ProcessSpec spec, bool isLocal) : IAttachable
{
    // The shim waits up to ten seconds for streams that somebody else holds before it deletes (trap T9).
    private static readonly TimeSpan s_deleteTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_killTimeout = TimeSpan.FromSeconds(5);

    public string ContainerId => id;

    public string ExecId => execId;

    public Task CreateAsync(StdioPaths streams)
    {
        var request = new ExecProcessRequest
        {
            ContainerId = id,
            ExecId = execId,
            Stdin = streams.Stdin,
            Stdout = streams.Stdout,
            Stderr = streams.Stderr,
            Terminal = streams.Terminal,
            Spec = AnyMessage.PackJson(TypeUrls.Process, spec.ToUtf8Bytes()),
        };

        // That the exec process is not there would be no news: it is the task that may be missing.
        return calls.CallAsync("execute a process in", id, "", o => calls.Service.ExecAsync(request, o), CancellationToken.None);
    }

    public async Task<int> StartAsync()
    {
        var request = new StartRequest { ContainerId = id, ExecId = execId };
        try
        {
            var reply = await calls.CallAsync("start", id, execId, o => calls.Service.StartAsync(request, o), CancellationToken.None).ConfigureAwait(false);
            return (int)reply.Pid;
        }
        catch (ContainerdException e) when (StartFailure.Explain(e, id, spec.Args) is { } better)
        {
            throw better;
        }
    }

    public async Task KillAsync(int pid)
    {
        // What it started has it as the leader of its session; killed alone, it would leave them behind.
        if (isLocal && pid > 0)
            HostSession.Kill(pid);
        await calls.KillAsync(id, execId, Signal.Kill, all: false, CancellationToken.None, s_killTimeout).ConfigureAwait(false);
    }

    public async Task DeleteAsync()
    {
        var request = new DeleteProcessRequest { ContainerId = id, ExecId = execId };
        try
        {
            await calls.CallAsync("delete", id, execId, o => calls.Service.DeleteProcessAsync(request, o), CancellationToken.None, s_deleteTimeout).ConfigureAwait(false);
        }
        catch (Exception e) when (e is NotFoundException or ShimGoneException)
        {
            // The task ended and took it along.
        }
    }
}

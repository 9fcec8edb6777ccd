using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tasks;

/// <summary>The processes of a container, as its runtime lists them.</summary>
internal sealed class ProcessList(ContainerdClient client, TaskCalls calls, string id)
{
    /// <summary>Reads it.</summary>
    /// <param name="detailed">Whether to look at each in /proc.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<IReadOnlyList<ContainerProcess>> ReadAsync(bool detailed, CancellationToken cancellationToken)
    {
        var request = new ListPidsRequest { ContainerId = id };
        var reply = await calls.CallAsync("list the processes of", id, "", o => calls.Service.ListPidsAsync(request, o), cancellationToken).ConfigureAwait(false);
        var processes = reply.Processes.Select(info => ToModel(client.Session, client.Namespace, id, info));
        return [.. detailed && OperatingSystem.IsLinux() && client.Session.IsLocal ? processes.Select(HostProcess.Describe) : processes];
    }

    /// <summary>What the server tells of a process, in the model's words.</summary>
    internal static ContainerProcess ToModel(Session session, string containerdNamespace, string id, Wire.Types.ProcessInfo info)
    {
        var process = new ContainerProcess { Session = session, Namespace = containerdNamespace, ContainerId = id, Pid = (int)info.Pid };

        // Null for the init process and for what exec processes started.
        if (AnyMessage.TryUnpack<Wire.Runc.ProcessDetails>(info.Info, out var runc))
            return process with { ExecId = runc.ExecId.Length > 0 ? runc.ExecId : null };
        if (!AnyMessage.TryUnpack<Wire.Runhcs.ProcessDetails>(info.Info, out var hcs))
            return process;
        return process with
        {
            ExecId = hcs.ExecId.Length > 0 ? hcs.ExecId : null,
            Name = hcs.ImageName,
            StartedAt = hcs.CreatedAt.ToTime(),
            // Counted in 100 ns, as .NET's ticks are.
            CpuTime = TimeSpan.FromTicks((long)(hcs.KernelTime100Ns + hcs.UserTime100Ns)),
            Memory = (long)hcs.MemoryWorkingSetPrivateBytes,
        };
    }
}

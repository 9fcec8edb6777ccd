using Containerd.Client.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using WireEvents = Containerd.Client.Wire.Events;
using WireImages = Containerd.Client.Wire.Images;

namespace Containerd.Client.Events;

/// <summary>Makes an event of the model from an envelope.</summary>
internal static class EventDecoder
{
    /// <summary>Decodes an envelope.</summary>
    /// <param name="session">The session it came through.</param>
    /// <param name="envelope">The envelope.</param>
    /// <returns>The event.</returns>
    /// <exception cref="InvalidProtocolBufferException">The message's bytes are not of the type they claim.</exception>
    public static ContainerdEvent Decode(Session session, Wire.Types.Envelope envelope)
    {
        var (message, kind) = envelope.Event is { } any ? EventMessages.Unpack(any) : (null, EventKind.Unknown);
        var raw = new ContainerdEvent
        {
            Session = session,
            Namespace = envelope.Namespace,
            Timestamp = envelope.Timestamp.ToTime() ?? DateTimeOffset.UtcNow,
            Topic = envelope.Topic,
            Kind = kind,
            Id = "",
            Data = message is null ? MessageFields.Of(envelope.Event) : MessageFields.Of(message),
        };
        return message switch
        {
            WireEvents.TaskCreate e => OfContainer(raw, e.ContainerId) with { Pid = PidOf(e.Pid) },
            WireEvents.TaskStart e => OfContainer(raw, e.ContainerId) with { Pid = PidOf(e.Pid) },
            WireEvents.TaskExit e => Ended(OfProcess(raw, e.ContainerId, e.Id), e.Pid, e.ExitStatus, e.ExitedAt),
            WireEvents.TaskDelete e => Ended(OfProcess(raw, e.ContainerId, e.Id), e.Pid, e.ExitStatus, e.ExitedAt),
            WireEvents.TaskOOM e => OfContainer(raw, e.ContainerId) with { OOMKilled = true },
            WireEvents.TaskExecAdded e => OfProcess(raw, e.ContainerId, e.ExecId),
            WireEvents.TaskExecStarted e => OfProcess(raw, e.ContainerId, e.ExecId) with { Pid = PidOf(e.Pid) },
            WireEvents.TaskPaused e => OfContainer(raw, e.ContainerId),
            WireEvents.TaskResumed e => OfContainer(raw, e.ContainerId),
            WireEvents.TaskCheckpointed e => OfContainer(raw, e.ContainerId),
            WireEvents.ContainerCreate e => OfContainer(raw, e.Id),
            WireEvents.ContainerUpdate e => OfContainer(raw, e.Id),
            WireEvents.ContainerDelete e => OfContainer(raw, e.Id),
            WireImages.ImageCreate e => raw with { Id = e.Name },
            WireImages.ImageUpdate e => raw with { Id = e.Name },
            WireImages.ImageDelete e => raw with { Id = e.Name },
            WireEvents.NamespaceCreate e => raw with { Id = e.Name },
            WireEvents.NamespaceUpdate e => raw with { Id = e.Name },
            WireEvents.NamespaceDelete e => raw with { Id = e.Name },
            WireEvents.SnapshotPrepare e => raw with { Id = e.Key },
            WireEvents.SnapshotCommit e => raw with { Id = e.Name },
            WireEvents.SnapshotRemove e => raw with { Id = e.Key },
            WireEvents.ContentCreate e => raw with { Id = e.Digest },
            WireEvents.ContentDelete e => raw with { Id = e.Digest },
            WireEvents.SandboxCreate e => raw with { Id = e.SandboxId },
            WireEvents.SandboxStart e => raw with { Id = e.SandboxId },
            WireEvents.SandboxExit e => Ended(raw with { Id = e.SandboxId }, 0, e.ExitStatus, e.ExitedAt),
            _ => raw,
        };
    }

    private static ContainerdEvent OfContainer(ContainerdEvent e, string containerId) => e with { Id = containerId, ContainerId = containerId };

    // An exit names the container itself for the init process, a deletion nothing.
    private static ContainerdEvent OfProcess(ContainerdEvent e, string containerId, string processId) =>
        OfContainer(e, containerId) with { ExecId = processId.Length == 0 || processId == containerId ? null : processId };

    // A status of 0 without a time is no exit: the process never ran (trap T3).
    private static ContainerdEvent Ended(ContainerdEvent e, uint pid, uint status, Timestamp? exitedAt) => e with
    {
        Pid = PidOf(pid),
        ExitCode = status == 0 && exitedAt.ToTime() is null ? null : (int)status,
        ExitedAt = exitedAt.ToTime(),
    };

    private static int? PidOf(uint pid) => pid == 0 ? null : (int)pid;
}

using Containerd.Client.Oci;
using Containerd.Client.Wire;
using Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tasks;

/// <summary>
/// Changes the limits of a task while it runs. The runtime changes the cgroup and not the stored spec, with which the next
/// start would bring the old limits back: so they are written there too, as nerdctl does.
/// </summary>
internal sealed class TaskLimits(ContainerdClient client, TaskCalls calls, string id)
{
    public async Task SetAsync(LinuxResources limits, CancellationToken cancellationToken)
    {
        var request = new UpdateTaskRequest { ContainerId = id, Resources = AnyMessage.PackJson(TypeUrls.LinuxResources, limits.ToUtf8Bytes()) };
        await calls.CallAsync("change the limits of", id, "", o => calls.Service.UpdateAsync(request, o), cancellationToken).ConfigureAwait(false);

        // Not cancelled between the two: limits that hold now and not after the next start would be nobody's wish.
        var record = await calls.GetContainerAsync(id, CancellationToken.None).ConfigureAwait(false);
        if (record.Spec is not { Value.Length: > 0 } stored)
            return;
        var spec = RuntimeSpec.Parse(stored.Value.Span);
        limits.MergeInto(spec);
        var change = new Wire.Containers.Container { Id = id, Spec = AnyMessage.PackJson(TypeUrls.Spec, spec.ToUtf8Bytes()) };
        await client.Containers.Records.UpdateAsync(change, ["spec"], CancellationToken.None).ConfigureAwait(false);
    }
}

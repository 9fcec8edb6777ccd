using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Containers;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Containers;

/// <summary>Removes containers with their root file systems.</summary>
/// <remarks>
/// <para>
/// Removes the task of a container whose process has ended, the snapshot with all that was written to its root file system, and
/// the container itself. A container in use (running, paused or created) is an error unless -Force is given.
/// </para>
/// <para>
/// Containers of Kubernetes, Docker and nerdctl are not removed without -Force: their owner keeps addresses, names, logs and
/// volumes for them that would stay behind. Use crictl, docker or nerdctl to remove them.
/// </para>
/// </remarks>
/// <example>
/// <para>Removes a container that has ended.</para>
/// <code>PS> Remove-CtrContainer job1</code>
/// </example>
/// <example>
/// <para>Shows what would be removed, then kills and removes it, many at once.</para>
/// <code>PS> Get-CtrContainer web* | Remove-CtrContainer -Force -WhatIf
/// PS> Get-CtrContainer web* | Remove-CtrContainer -Force</code>
/// </example>
/// <example>
/// <para>Removes all containers that have ended.</para>
/// <code>PS> Get-CtrContainer -State Stopped | Remove-CtrContainer</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "CtrContainer", SupportsShouldProcess = true)]
public sealed class RemoveCtrContainerCommand : ConcurrentCommand
{
    /// <summary>The ids of the containers; wildcards are allowed. An id without wildcards that is not there is an error.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>
    /// Kills the processes of a container in use first (SIGKILL, all of them), and removes containers of Kubernetes, Docker and
    /// nerdctl too. Stop-CtrTask gives the processes time to end by themselves.
    /// </summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Keeps the snapshot of the root file system, labelled containerd.io/gc.root so that the garbage collection leaves it.</summary>
    [Parameter]
    public SwitchParameter KeepSnapshot { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var ids = new NamePatterns(Id);
        var options = new RemovalOptions { Force = Force, KeepSnapshot = KeepSnapshot };
        var action = (Force ? "Kill and remove container" : "Remove container") + (KeepSnapshot ? ", keep its snapshot" : "");
        foreach (var client in Clients())
        {
            foreach (var id in ids.HasWildcards ? Expand(client, ids) : ids.Literals)
            {
                if (ShouldProcess($"{id} ({client.Namespace})", action))
                    Start(id, token => RemoveAsync(client, id, ids.Literals.Contains(id), options, token));
            }
        }
    }

    private async Task RemoveAsync(ContainerdClient client, string id, bool isNamed, RemovalOptions options, CancellationToken token)
    {
        try
        {
            Output.WriteVerbose($"Removing container '{id}'.");
            var removed = await client.Containers.RemoveAsync(id, options, token).ConfigureAwait(false);
            if (removed.Owner is { } owner)
                Output.WriteWarning($"The container '{id}' belonged to {owner}: what {owner} keeps about it (names, addresses, logs, volumes) is still there.");
        }
        catch (NotFoundException e) when (!isNamed && e.Id == id)
        {
            // What a wildcard found may be gone by now: nobody asked for it by name.
            Output.WriteVerbose(e.Message);
        }
    }

    private IEnumerable<string> Expand(ContainerdClient client, NamePatterns ids) =>
        TryAwait(client.Session, token => client.Containers.ListAsync([], token), out var there)
            ? ids.Literals.Union(there.Select(container => container.Id).Where(ids.Match)).ToArray()
            : [];
}

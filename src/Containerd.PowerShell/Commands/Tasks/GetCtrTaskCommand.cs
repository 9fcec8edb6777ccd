using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Gets the tasks of containers: what runs in them.</summary>
/// <remarks>
/// <para>
/// A task is the init process of a container with all that it started. A container that was never started, or whose task was removed, has
/// none. A stopped task stays, with its exit code, until it is removed or the container is started again.
/// </para>
/// <para>Without an id, or with a wildcard, all tasks come in one call. A task whose shim hangs has the state Unknown.</para>
/// </remarks>
/// <example>
/// <para>Lists all tasks.</para>
/// <code>PS> Get-CtrTask</code>
/// </example>
/// <example>
/// <para>Finds what ended with an error.</para>
/// <code>PS> Get-CtrTask | Where-Object { $_.State -eq 'Stopped' -and $_.ExitCode -ne 0 }</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrTask")]
[OutputType(typeof(ContainerTask))]
public sealed class GetCtrTaskCommand : ConcurrentCommand
{
    /// <summary>The ids of the containers; wildcards are allowed. All tasks by default.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[]? Id { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var ids = new NamePatterns(Id);
        foreach (var client in Clients())
        {
            foreach (var id in ids.Literals)
            {
                Start(id, async token =>
                    await Output.WriteObjectAsync(await client.Tasks.GetAsync(id, token).ConfigureAwait(false), token).ConfigureAwait(false));
            }

            if (ids.HasWildcards)
                Start(client.Session, token => ListAsync(client, ids, token));
        }
    }

    private async Task ListAsync(ContainerdClient client, NamePatterns ids, CancellationToken token)
    {
        var tasks = await client.Tasks.ListAsync(token).ConfigureAwait(false);
        foreach (var task in tasks.Where(task => ids.Match(task.Id) && !ids.Literals.Contains(task.Id)).OrderBy(task => task.Id, StringComparer.Ordinal))
            await Output.WriteObjectAsync(task, token).ConfigureAwait(false);
    }
}

using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>The base of the cmdlets that do something to tasks: it finds them by id or wildcard, on all sessions at once.</summary>
public abstract class TaskCommand : ConcurrentCommand
{
    private protected TaskCommand()
    {
    }

    /// <summary>The ids of the containers whose tasks are meant; wildcards are allowed. Containers and tasks can be piped in.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>Does something to every task that is meant, side by side.</summary>
    /// <param name="should">Asks whether to do it, on the pipeline's thread; null where nothing is to be asked.</param>
    /// <param name="work">Does it.</param>
    private protected void ForEachTask(Func<string, bool>? should, Func<ContainerdClient, string, CancellationToken, Task> work)
    {
        foreach (var client in Clients())
        {
            foreach (var (id, isNamed) in Find(client))
            {
                if (should?.Invoke(id) != false)
                    Start(id, token => isNamed ? work(client, id, token) : WhileItIsThereAsync(client, id, work, token));
            }
        }
    }

    /// <summary>The ids that are meant on one server, and whether the user named them. A list is asked for only with a wildcard.</summary>
    private IEnumerable<(string Id, bool IsNamed)> Find(ContainerdClient client)
    {
        var ids = new NamePatterns(Id);
        foreach (var id in ids.Literals)
            yield return (id, true);
        if (!ids.HasWildcards || !TryAwait(client.Session, client.Tasks.ListAsync, out var tasks))
            yield break;
        foreach (var task in tasks.Where(task => ids.Match(task.Id) && !ids.Literals.Contains(task.Id)))
            yield return (task.Id, false);
    }

    // What a wildcard found may be gone by now: nobody asked for it by name.
    private async Task WhileItIsThereAsync(
        ContainerdClient client, string id, Func<ContainerdClient, string, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(client, id, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException e) when (e.Id == id)
        {
            Output.WriteVerbose(e.Message);
        }
    }
}

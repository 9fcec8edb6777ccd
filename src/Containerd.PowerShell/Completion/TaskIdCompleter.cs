using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the ids of containers that have a task.</summary>
public sealed class TaskIdCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<CompletionResult>> FindAsync(ContainerdClient client, string word, CancellationToken cancellationToken)
    {
        var tasks = await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false);
        return tasks.Where(task => task.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase)).OrderBy(task => task.Id, StringComparer.Ordinal)
            .Select(task => Completion(task.Id, $"{task.Id}: {task.State}, process {task.Pid}"));
    }
}

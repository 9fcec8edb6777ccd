using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the ids of containers.</summary>
public sealed class ContainerIdCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<CompletionResult>> FindAsync(ContainerdClient client, string word, CancellationToken cancellationToken)
    {
        var containers = await client.Containers.ListAsync([], cancellationToken).ConfigureAwait(false);
        return containers.Where(container => container.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(container => Completion(container.Id, $"{container.Id}: {container.State}, {container.Image}"));
    }
}

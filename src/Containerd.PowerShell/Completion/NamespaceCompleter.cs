using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the names of containerd namespaces.</summary>
public sealed class NamespaceCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<CompletionResult>> FindAsync(ContainerdClient client, string word, CancellationToken cancellationToken)
    {
        var namespaces = await client.Namespaces.ListAsync(cancellationToken).ConfigureAwait(false);
        return namespaces.Where(found => found.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(found => Completion(found.Name, found.Name));
    }
}

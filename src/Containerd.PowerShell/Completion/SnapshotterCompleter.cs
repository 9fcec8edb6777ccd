using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the names of the snapshotters that work on the server.</summary>
public sealed class SnapshotterCompleter : ServerCompleter
{
    private protected override async Task<IEnumerable<CompletionResult>> FindAsync(ContainerdClient client, string word, CancellationToken cancellationToken)
    {
        var plugins = await client.Server.GetPluginsAsync(["type==io.containerd.snapshotter.v1"], cancellationToken).ConfigureAwait(false);
        return plugins.Where(plugin => plugin.IsReady && plugin.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(plugin => Completion(plugin.Id, plugin.Exports.TryGetValue("root", out var root) ? $"{plugin.Id} in {root}" : plugin.Id));
    }
}

using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Namespaces;

/// <summary>Removes namespaces that are empty.</summary>
/// <remarks>
/// <para>
/// A namespace with containers, images, content, snapshots or leases is an error: remove those first. Content and snapshots
/// that nothing refers to go with the server's next garbage collection, which Remove-CtrImage -Wait waits for.
/// </para>
/// </remarks>
/// <example>
/// <para>Removes a namespace.</para>
/// <code>PS> Remove-CtrNamespace build</code>
/// </example>
/// <example>
/// <para>Removes a namespace with all its containers and images.</para>
/// <code>PS> Get-CtrContainer -Namespace build | Remove-CtrContainer -Force
/// PS> Get-CtrImage -Namespace build | Remove-CtrImage -Wait
/// PS> Remove-CtrNamespace build</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "CtrNamespace", SupportsShouldProcess = true)]
public sealed class RemoveCtrNamespaceCommand : ConcurrentCommand
{
    /// <summary>The names; wildcards are allowed. A name without wildcards that is not there is an error.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var names = new NamePatterns(Name);
        foreach (var client in Clients())
        {
            foreach (var name in names.HasWildcards ? Expand(client, names) : names.Literals)
            {
                if (!ShouldProcess($"{name} ({client.Session.Name})", "Remove namespace"))
                    continue;
                Start(name, token =>
                {
                    Output.WriteVerbose($"Removing namespace '{name}'.");
                    return client.Namespaces.DeleteAsync(name, token);
                });
            }
        }
    }

    private IEnumerable<string> Expand(ContainerdClient client, NamePatterns names) =>
        TryAwait(client.Session, token => client.Namespaces.ListAsync(token), out var there)
            ? names.Literals.Union(there.Select(found => found.Name).Where(names.Match)).ToArray()
            : [];
}

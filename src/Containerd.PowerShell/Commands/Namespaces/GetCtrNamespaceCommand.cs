using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Namespaces;

/// <summary>Gets the namespaces of a containerd.</summary>
/// <remarks>
/// <para>
/// A namespace keeps the containers, images and content of one client from another's: ctr and nerdctl use default, Kubernetes
/// k8s.io, Docker moby. What is returned can be piped to any other cmdlet, which then works in that namespace.
/// </para>
/// </remarks>
/// <example>
/// <para>Lists the namespaces.</para>
/// <code>PS> Get-CtrNamespace</code>
/// </example>
/// <example>
/// <para>Counts the containers of every namespace.</para>
/// <code>PS> Get-CtrNamespace | Select-Object Name, @{ Name = 'Containers'; Expression = { @($_ | Get-CtrContainer).Count } }</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrNamespace")]
[OutputType(typeof(ContainerdNamespace))]
public sealed class GetCtrNamespaceCommand : ConcurrentCommand
{
    /// <summary>The names; wildcards are allowed. All by default. A name without wildcards that is not there is an error.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var names = new NamePatterns(Name);
        foreach (var client in Clients())
            Start(client.Session, token => ListAsync(client, names, token));
    }

    private async Task ListAsync(ContainerdClient client, NamePatterns names, CancellationToken token)
    {
        var missing = new HashSet<string>(names.Literals, StringComparer.Ordinal);
        foreach (var found in await client.Namespaces.ListAsync(token).ConfigureAwait(false))
        {
            missing.Remove(found.Name);
            if (names.Match(found.Name))
                await Output.WriteObjectAsync(found, token).ConfigureAwait(false);
        }

        foreach (var name in names.Literals.Where(missing.Contains))
            Output.WriteError(ErrorRecords.From(new NotFoundException(ResourceKind.Namespace, name), name));
    }
}

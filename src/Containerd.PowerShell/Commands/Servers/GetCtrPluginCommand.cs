using System.Management.Automation;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Servers;

/// <summary>Lists the plugins of a containerd: its services, snapshotters, runtimes and other parts.</summary>
/// <remarks>
/// <para>A plugin that was skipped or failed is listed too; its property Error says why.</para>
/// </remarks>
/// <example>
/// <para>Lists the snapshotters that work.</para>
/// <code>PS> Get-CtrPlugin -Type *snapshotter* | Where-Object IsReady</code>
/// </example>
/// <example>
/// <para>Shows what does not work and why.</para>
/// <code>PS> Get-CtrPlugin | Where-Object Error | Format-List Type, Id, Error</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrPlugin")]
[OutputType(typeof(Plugin))]
public sealed class GetCtrPluginCommand : ConcurrentCommand
{
    /// <summary>The plugins' ids, such as overlayfs; wildcards are allowed. All by default.</summary>
    [Parameter(Position = 0)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Id { get; set; } = ["*"];

    /// <summary>The plugins' types, such as io.containerd.snapshotter.v1; wildcards are allowed. All by default.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    public string[] Type { get; set; } = ["*"];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var ids = Id.Select(p => WildcardPattern.Get(p, WildcardOptions.IgnoreCase)).ToArray();
        var types = Type.Select(p => WildcardPattern.Get(p, WildcardOptions.IgnoreCase)).ToArray();
        foreach (var client in Clients())
        {
            Start(client.Session, async token =>
            {
                var plugins = await client.Server.GetPluginsAsync([], token).ConfigureAwait(false);
                foreach (var plugin in plugins)
                {
                    if (Array.Exists(ids, p => p.IsMatch(plugin.Id)) && Array.Exists(types, p => p.IsMatch(plugin.Type)))
                        await Output.WriteObjectAsync(plugin, token).ConfigureAwait(false);
                }
            });
        }
    }
}

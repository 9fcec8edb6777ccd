using System.Management.Automation;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Servers;

/// <summary>Gets the version of the containerd of a session.</summary>
/// <remarks>
/// <para>Also gives the server's id, its process id where the server tells it, and what it will drop in a later version.</para>
/// </remarks>
/// <example>
/// <para>Shows the server's version.</para>
/// <code>PS> Get-CtrVersion</code>
/// </example>
/// <example>
/// <para>Compares the versions of all hosts with a session.</para>
/// <code>PS> Get-CtrVersion -Session (Get-CtrSession)</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrVersion")]
[OutputType(typeof(ServerVersion))]
public sealed class GetCtrVersionCommand : ConcurrentCommand
{
    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var client in Clients())
        {
            Start(client.Session, async token =>
                await Output.WriteObjectAsync(await client.Server.GetVersionAsync(token).ConfigureAwait(false), token).ConfigureAwait(false));
        }
    }
}

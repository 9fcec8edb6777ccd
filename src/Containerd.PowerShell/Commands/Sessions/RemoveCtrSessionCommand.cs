using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Sessions;

/// <summary>Closes sessions.</summary>
/// <remarks>
/// <para>Ends the session's calls, event streams and attached input and output. Containers go on.</para>
/// </remarks>
/// <example>
/// <para>Closes all sessions of this runspace.</para>
/// <code>PS> Get-CtrSession | Remove-CtrSession</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "CtrSession", SupportsShouldProcess = true)]
public sealed class RemoveCtrSessionCommand : PSCmdlet
{
    /// <summary>The sessions to close, as objects, names or numbers.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    [SessionArgument]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    public Session[] Session { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var session in Session)
        {
            if (ShouldProcess($"{session.Name} ({session.Address})", "Close session"))
                SessionRegistry.Current.Close(session);
        }
    }
}

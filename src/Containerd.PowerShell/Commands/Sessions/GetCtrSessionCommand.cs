using System.Management.Automation;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Sessions;

/// <summary>Lists the sessions of this runspace.</summary>
/// <remarks>
/// <para>The first session listed is the default: the one that cmdlets use when -Session is not given.</para>
/// </remarks>
/// <example>
/// <para>Lists all sessions.</para>
/// <code>PS> Get-CtrSession</code>
/// </example>
/// <example>
/// <para>Finds sessions by name.</para>
/// <code>PS> Get-CtrSession edge*</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrSession")]
[OutputType(typeof(Session))]
public sealed class GetCtrSessionCommand : PSCmdlet
{
    /// <summary>The names of the sessions; wildcards are allowed. All by default.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var sessions = SessionRegistry.Current.Sessions;
        if (Name is null)
        {
            WriteObject(sessions, enumerateCollection: true);
            return;
        }

        foreach (var name in Name)
        {
            var pattern = WildcardPattern.Get(name, WildcardOptions.IgnoreCase);
            var found = sessions.Where(s => pattern.IsMatch(s.Name)).ToArray();
            WriteObject(found, enumerateCollection: true);
            if (found.Length == 0 && !WildcardPattern.ContainsWildcardCharacters(name))
                WriteError(ErrorRecords.From(new NotFoundException(ResourceKind.Session, name), name));
        }
    }
}

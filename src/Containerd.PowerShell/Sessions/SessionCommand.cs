using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Sessions;

/// <summary>The base of every cmdlet that talks to a server: it finds the sessions to use and runs on all of them at once.</summary>
public abstract class SessionCommand : CtrCommand
{
    private protected SessionCommand()
    {
    }

    /// <summary>
    /// The sessions to use, as objects, names or numbers. Objects from the pipeline bring their own. By default the runspace's
    /// first session; without any, one is opened from CONTAINERD_ADDRESS and CONTAINERD_NAMESPACE or containerd's defaults.
    /// </summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [SessionArgument]
    [ArgumentCompleter(typeof(SessionNameCompleter))]
    public Session[]? Session { get; set; }

    /// <summary>The containerd namespace for this call. By default the session's own; objects from the pipeline bring theirs.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(NamespaceCompleter))]
    public string? Namespace { get; set; }

    /// <summary>The clients of the sessions to use, each in the namespace to use. A closed session is an error record.</summary>
    private protected IReadOnlyList<ContainerdClient> Clients()
    {
        if (Session is null)
        {
            var registry = SessionRegistry.Current;
            var client = Await(null, registry.OpenDefaultAsync);
            return [client.InNamespace(Namespace ?? client.Namespace)];
        }

        var clients = new List<ContainerdClient>(Session.Length);
        foreach (var session in Session)
        {
            try
            {
                var client = SessionRegistry.ClientOf(session);
                clients.Add(client.InNamespace(Namespace ?? client.Namespace));
            }
            catch (ConnectionException e)
            {
                WriteError(ErrorRecords.From(e, session));
            }
        }

        return clients;
    }
}

/// <summary>The base of every cmdlet that takes many inputs: they run side by side, and output arrives as each finishes.</summary>
public abstract class ConcurrentCommand : SessionCommand
{
    private protected ConcurrentCommand()
    {
    }

    /// <summary>How many inputs are worked on side by side; 16 by default.</summary>
    [Parameter]
    [ValidateRange(1, 1024)]
    public int ThrottleLimit { get; set; } = 16;

    private protected override int MostAtOnce => ThrottleLimit;
}

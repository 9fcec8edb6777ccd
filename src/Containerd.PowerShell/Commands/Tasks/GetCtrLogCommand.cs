using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Gets what detached containers have written.</summary>
/// <remarks>
/// <para>
/// Gives the lines of stdout and stderr, as they came, from the log that Start-CtrTask keeps, from the file of its -LogPath or -OutFile, or from
/// the file:// log of another client such as ctr. A log goes on over all starts of a container and is removed with it. With -Follow lines
/// come until the task ends, or until Ctrl+C. A container without a log is an error (NoSuchLog) that says where its output goes.
/// </para>
/// <para>It needs the machine that containerd runs on, because the log is there.</para>
/// </remarks>
/// <example>
/// <para>Shows the last ten lines and all that come.</para>
/// <code>PS> Get-CtrLog web -Tail 10 -Follow</code>
/// </example>
/// <example>
/// <para>Finds errors in the logs of all containers.</para>
/// <code>PS> Get-CtrContainer web* | ForEach-Object { Get-CtrLog $_ | Select-String error }</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrLog")]
[OutputType(typeof(string))]
public sealed class GetCtrLogCommand : SessionCommand
{
    // A log that is followed must not keep the next one waiting.
    private const int MostFollowed = 1024;

    /// <summary>The ids of the containers. Containers and tasks can be piped in.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>How many of the last lines to begin with; all by default.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    [Alias("Last")]
    public int? Tail { get; set; }

    /// <summary>Gives further lines as they come, until the task ends.</summary>
    [Parameter]
    [Alias("Wait")]
    public SwitchParameter Follow { get; set; }

    private protected override int MostAtOnce => Follow ? MostFollowed : 1;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var client in Clients())
        {
            foreach (var id in Id)
                Start(id, token => ReadAsync(client, id, token));
        }
    }

    private async Task ReadAsync(ContainerdClient client, string id, CancellationToken token)
    {
        await foreach (var lines in client.Logs.ReadAsync(id, Tail, Follow, token).ConfigureAwait(false))
            await Output.WriteObjectAsync(lines, token, enumerate: true).ConfigureAwait(false);
    }
}

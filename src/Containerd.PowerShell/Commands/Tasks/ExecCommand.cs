using System.Management.Automation;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>The base of the cmdlets that execute something in running containers: the parameters that say what.</summary>
public abstract class ExecCommand : ConcurrentCommand
{
    private protected ExecCommand()
    {
    }

    /// <summary>The ids of the running containers. Containers and tasks can be piped in; with the ids on the command line the pipeline is for the process's input.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>
    /// The program and its arguments. No shell reads them: give one (sh, -c, '…') for pipes and the like. Arguments with a leading dash need
    /// -- before the command, or to be listed with commas: Invoke-CtrExec web -- ls -l, or Invoke-CtrExec web ls, -l.
    /// </summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromRemainingArguments = true)]
    [AllowEmptyString]
    [ValidateNotNullOrEmpty]
    public string[] Command { get; set; } = [];

    /// <summary>Changes to the environment of the container's own process: texts NAME=value or a hashtable. A name without value, or with $null, is removed.</summary>
    [Parameter]
    [NameValueList]
    [ValidateNotNull]
    public string[] Env { get; set; } = [];

    /// <summary>Who it runs as: a user or user:group, by name or number, looked up in the container. The user of the container's own process by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The directory it starts in, an absolute path in the container. That of the container's own process by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>Gives it a terminal. Its output and its errors are one stream then.</summary>
    [Parameter]
    public SwitchParameter Tty { get; set; }

    /// <summary>The command as a user would type it, for messages.</summary>
    private protected string CommandText => string.Join(' ', Command);

    /// <summary>What to execute.</summary>
    private protected ExecOptions Options => new()
    {
        Command = Command,
        Env = Env,
        User = User,
        WorkingDirectory = WorkingDirectory,
        Terminal = Tty,
    };
}

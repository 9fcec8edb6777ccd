using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Io;
using Containerd.Client.Tasks;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Starts containers: their processes run detached, until they end or are stopped.</summary>
/// <remarks>
/// <para>
/// The process needs neither this PowerShell nor this machine's shell to go on. What it writes is appended to the container's log
/// by its shim, and Get-CtrLog reads it; -OutFile and -ErrorFile take other files, -LogUri a file:// or binary:// address,
/// -NoLog throws the output away. From another machine than the daemon's host there is no log.
/// </para>
/// <para>
/// A container whose process has ended is started again: the old task is deleted first, its exit code with it. A container
/// that runs already is an error.
/// </para>
/// </remarks>
/// <example>
/// <para>Starts a container and reads what it said so far.</para>
/// <code>PS> Start-CtrTask web; Get-CtrLog web</code>
/// </example>
/// <example>
/// <para>Makes and starts ten containers, side by side.</para>
/// <code>PS> 1..10 | ForEach-Object { "web$_" } | New-CtrContainer -Image nginx | Start-CtrTask</code>
/// </example>
/// <example>
/// <para>Runs a job on a file and keeps its output and its complaints in two others.</para>
/// <code>PS> Start-CtrTask sort1 -Stdin ./numbers.txt -OutFile ./sorted.txt -ErrorFile ./errors.txt; Wait-CtrTask sort1</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "CtrTask", SupportsShouldProcess = true, DefaultParameterSetName = LogSet)]
[OutputType(typeof(ContainerTask))]
public sealed class StartCtrTaskCommand : TaskCommand
{
    private const string LogSet = "Log";
    private const string FileSet = "File";
    private const string UriSet = "Uri";

    /// <summary>A file whose bytes the process reads as its stdin, on the daemon's host. Without it the process reads end of file at once.</summary>
    [Parameter]
    [Alias("InFile")]
    [ValidateNotNullOrEmpty]
    public string? Stdin { get; set; }

    /// <summary>A file that takes stdout, made anew, on the daemon's host. With a terminal it takes all output.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FileSet)]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>A file that takes stderr, made anew; it may be the same as -OutFile. Without it stderr is thrown away.</summary>
    [Parameter(ParameterSetName = FileSet)]
    [ValidateNotNullOrEmpty]
    public string? ErrorFile { get; set; }

    /// <summary>Appends to -OutFile and -ErrorFile what is there already.</summary>
    [Parameter(ParameterSetName = FileSet)]
    public SwitchParameter Append { get; set; }

    /// <summary>A file:///path or binary:///path address that takes all output, as containerd's shim understands it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet)]
    [ValidatePattern("^(file|binary)://")]
    public string? LogUri { get; set; }

    /// <summary>Throws the output away.</summary>
    [Parameter(ParameterSetName = LogSet)]
    public SwitchParameter NoLog { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var stdin = FullPath(Stdin);
        var (stdout, stderr) = (FullPath(OutFile), FullPath(ErrorFile));
        ForEachTask(id => ShouldProcess(id, "Start container"), async (client, id, token) =>
        {
            CheckHost(client, id);
            if (stdin is not null && !File.Exists(stdin))
                throw new NotFoundException(ResourceKind.File, stdin, $"Cannot start container '{id}': there is no file '{stdin}' for its stdin.");
            Make(stdout);
            if (stderr != stdout)
                Make(stderr);
            var log = ParameterSetName == LogSet && !NoLog && client.Logs.IsAvailable
                ? await client.Logs.MakeAsync(id, token).ConfigureAwait(false)
                : null;
            var options = new StartOptions
            {
                Stdin = stdin,
                Stdout = stdout ?? LogUri ?? log,
                Stderr = stderr ?? log,
                Step = Output.WriteVerbose,
            };
            var task = await client.Tasks.StartAsync(id, options, token).ConfigureAwait(false);
            await Output.WriteObjectAsync(task, token).ConfigureAwait(false);
        });
    }

    private string? FullPath(string? path) => path is null ? null : GetUnresolvedProviderPathFromPSPath(path);

    private void CheckHost(ContainerdClient client, string id)
    {
        if (!client.Session.IsLocal && (Stdin is not null || OutFile is not null))
        {
            throw new FailedPreconditionException(
                $"Cannot start container '{id}' with files of this machine: its shim runs on the host of {client.Session.Address}. Use -LogUri or -NoLog.");
        }
    }

    // The file is there before the shim opens it, and so has our mode: for its owner only.
    private void Make(string? path)
    {
        if (path is not null)
            FileSink.Open(path, Append).Dispose();
    }
}

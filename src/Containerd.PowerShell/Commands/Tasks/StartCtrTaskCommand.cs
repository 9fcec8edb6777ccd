using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Processes;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Starts containers; what runs in them needs this PowerShell no more.</summary>
/// <remarks>
/// <para>
/// Creates the task of each container, starts its process and gives the running task. A stopped task of an earlier start is removed first,
/// so a container that has ended can simply be started again. A container that runs already is an error (FailedPrecondition).
/// </para>
/// <para>
/// Output is written by the container's shim, whether PowerShell or containerd run or not: by default to a log that Get-CtrLog reads and
/// that is removed with the container; with -OutFile and -ErrorFile to files of your own; with -LogPath both streams to one file; with
/// -LogUri to what containerd itself knows, such as binary:///usr/bin/my-logger. -NoLog throws it away. Logs and files have the mode 0600.
/// </para>
/// <para>
/// Starting needs only containerd's API. Files and logs are on the machine that containerd runs on: from another machine a container is
/// started without a log, unless -LogUri is given.
/// </para>
/// </remarks>
/// <example>
/// <para>Starts a container and follows its log.</para>
/// <code>PS> Start-CtrTask web; Get-CtrLog web -Follow</code>
/// </example>
/// <example>
/// <para>Makes and starts ten containers side by side.</para>
/// <code>PS> 1..10 | ForEach-Object { "worker$_" } | New-CtrContainer -Image busybox -Command sleep, 600 | Start-CtrTask</code>
/// </example>
/// <example>
/// <para>Runs a job from a file to a file, and waits for it.</para>
/// <code>PS> Start-CtrTask job -InFile data.csv -OutFile result.csv -ErrorFile job.log | Wait-CtrTask</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "CtrTask", SupportsShouldProcess = true, DefaultParameterSetName = LogSet)]
[OutputType(typeof(ContainerTask))]
public sealed class StartCtrTaskCommand : ConcurrentCommand
{
    private const string LogSet = "Log";
    private const string FilesSet = "Files";
    private const string UriSet = "Uri";
    private const string NoLogSet = "NoLog";

    private DetachedFiles? _files;

    /// <summary>The ids of the containers. Containers can be piped in.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [Alias("ContainerId")]
    [ArgumentCompleter(typeof(ContainerIdCompleter))]
    public string[] Id { get; set; } = [];

    /// <summary>A file to which stdout and stderr are appended, instead of the log that is kept by default.</summary>
    [Parameter(ParameterSetName = LogSet)]
    [ValidateNotNullOrEmpty]
    public string? LogPath { get; set; }

    /// <summary>A file that takes stdout. It is overwritten unless -Append is given.</summary>
    [Parameter(ParameterSetName = FilesSet)]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>A file that takes stderr; it may be that of -OutFile. It is overwritten unless -Append is given.</summary>
    [Parameter(ParameterSetName = FilesSet)]
    [ValidateNotNullOrEmpty]
    public string? ErrorFile { get; set; }

    /// <summary>Writes after what is in the files already.</summary>
    [Parameter(ParameterSetName = FilesSet)]
    public SwitchParameter Append { get; set; }

    /// <summary>
    /// Where containerd itself is to send both streams: file:///path on its host, which everybody there can read, or binary:///path of a logging
    /// program.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = UriSet)]
    [ValidateNotNullOrEmpty]
    public string? LogUri { get; set; }

    /// <summary>Throws the output away.</summary>
    [Parameter(Mandatory = true, ParameterSetName = NoLogSet)]
    public SwitchParameter NoLog { get; set; }

    /// <summary>What the process reads: each object a line of text in UTF-8, bytes as they are; then its stdin ends. By default it is empty.</summary>
    [Parameter]
    [ValidateNotNull]
    public object[]? Stdin { get; set; }

    /// <summary>A file whose bytes the process reads.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? InFile { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() =>
        _files = DetachedFiles.Prepare(this, LogPath ?? OutFile, LogPath ?? ErrorFile, InFile, Stdin, Append || LogPath is not null);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var client in Clients())
        {
            foreach (var id in Id)
            {
                if (ShouldProcess(id, "Start container"))
                    Start(id, token => StartAsync(client, id, token));
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _files?.Dispose();
    }

    private async Task StartAsync(ContainerdClient client, string id, CancellationToken token)
    {
        _files!.EnsureReachable(client, $"start container '{id}'");
        var options = new StartOptions { Stdin = _files.Input, Stdout = LogUri ?? _files.Output, Stderr = _files.Errors, Step = Output.WriteVerbose };
        if (ParameterSetName == LogSet && LogPath is null)
            options = await WithLogAsync(client, id, options, token).ConfigureAwait(false);
        var task = await client.Tasks.StartAsync(id, options, token).ConfigureAwait(false);
        await Output.WriteObjectAsync(task, token).ConfigureAwait(false);
    }

    private async Task<StartOptions> WithLogAsync(ContainerdClient client, string id, StartOptions options, CancellationToken token)
    {
        if (!client.Logs.IsAvailable)
        {
            Output.WriteVerbose($"No log of container '{id}' is kept: containerd at {client.Session.Address} is not on this machine.");
            return options;
        }

        var log = await client.Logs.MakeAsync(id, token).ConfigureAwait(false);
        Output.WriteVerbose($"The output of container '{id}' goes to {log}.");
        return options with { Stdout = log, Stderr = log };
    }
}

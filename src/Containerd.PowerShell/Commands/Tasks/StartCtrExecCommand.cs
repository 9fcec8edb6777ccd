using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Processes;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Starts a command in running containers and leaves it running.</summary>
/// <remarks>
/// <para>
/// Gives the process and returns. Its output is thrown away unless -OutFile or -ErrorFile is given; the container's shim writes the files,
/// whether PowerShell runs or not. Send-CtrSignal ends the process, for which it can be piped.
/// </para>
/// <para>
/// When the process has ended, this session takes it out of the container's books. If the session is closed before, its shim keeps it there
/// until the container's task is removed, which costs next to nothing.
/// </para>
/// </remarks>
/// <example>
/// <para>Starts a trace in a container and ends it later.</para>
/// <code>PS> $trace = Start-CtrExec web tcpdump, -i, eth0 -OutFile trace.txt
/// PS> $trace | Send-CtrSignal -Signal INT</code>
/// </example>
/// <example>
/// <para>Starts a job in all containers.</para>
/// <code>PS> Get-CtrContainer web* | Start-CtrExec -Command /app/refresh-cache</code>
/// </example>
[Cmdlet(VerbsLifecycle.Start, "CtrExec", SupportsShouldProcess = true)]
[OutputType(typeof(ExecProcess))]
public sealed class StartCtrExecCommand : ExecCommand
{
    private DetachedFiles? _files;

    /// <summary>What the process reads: each object a line of text in UTF-8, bytes as they are; then its stdin ends. By default it is empty.</summary>
    [Parameter]
    [ValidateNotNull]
    public object[]? Stdin { get; set; }

    /// <summary>A file whose bytes the process reads.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? InFile { get; set; }

    /// <summary>A file that takes stdout. It is overwritten unless -Append is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>A file that takes stderr; it may be that of -OutFile. It is overwritten unless -Append is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ErrorFile { get; set; }

    /// <summary>Writes after what is in the files already.</summary>
    [Parameter]
    public SwitchParameter Append { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing() => _files = DetachedFiles.Prepare(this, OutFile, ErrorFile, InFile, Stdin, Append);

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var client in Clients())
        {
            foreach (var id in Id)
            {
                if (ShouldProcess(id, $"Start '{CommandText}'"))
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
        _files!.EnsureReachable(client, $"start '{CommandText}' in container '{id}'");
        var streams = new StartOptions { Stdin = _files.Input, Stdout = _files.Output, Stderr = _files.Errors };
        var process = await client.Execs.StartAsync(id, Options, streams, token).ConfigureAwait(false);
        await Output.WriteObjectAsync(process, token).ConfigureAwait(false);
    }
}

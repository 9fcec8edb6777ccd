using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Processes;

namespace Containerd.PowerShell.Commands.Tasks;

/// <summary>Executes a command in running containers and gives its output.</summary>
/// <remarks>
/// <para>
/// Lines of stdout come down the pipeline as strings while the command runs. Lines of stderr are shown and go to the information stream, with
/// the tag stderr: they can be captured with 6>&amp;1 or -InformationVariable, and stop no script. $LASTEXITCODE is set, and an exit code other
/// than 0 is one error, ProcessExitedNonZero. A command that could not be run sets $LASTEXITCODE to 127 (no such program), 126 (it may not be
/// executed) or 125 (anything else).
/// </para>
/// <para>
/// -PassThru gives one object with the exit code and all output instead, and no error. -AsByteStream gives stdout as arrays of bytes,
/// -OutFile and -ErrorFile write the raw bytes to files.
/// </para>
/// <para>
/// With the containers' ids on the command line, what comes down the pipeline is the command's stdin: each object a line of text in UTF-8, bytes
/// as they are. Without, what comes down the pipeline are the containers to execute it in, side by side.
/// </para>
/// <para>
/// Ctrl+C kills the command with all that it started, except what made a session of its own. It needs the machine that containerd runs on,
/// because input and output are FIFOs there.
/// </para>
/// </remarks>
/// <example>
/// <para>Lists processes.</para>
/// <code>PS> Invoke-CtrExec web ps</code>
/// </example>
/// <example>
/// <para>Works with the output as with that of any command.</para>
/// <code>PS> Invoke-CtrExec web cat, /etc/passwd | ConvertFrom-Csv -Delimiter ':' -Header Name, X, Uid | Where-Object Uid -ge 1000</code>
/// </example>
/// <example>
/// <para>Feeds a database.</para>
/// <code>PS> Get-Content dump.sql | Invoke-CtrExec db psql, -U, app</code>
/// </example>
/// <example>
/// <para>Asks all containers side by side and compares.</para>
/// <code>PS> Get-CtrContainer web* | Invoke-CtrExec -Command sha256sum, /app/config.json -PassThru | Group-Object StandardOutput</code>
/// </example>
/// <example>
/// <para>Saves a directory as an archive, at the speed of the pipe.</para>
/// <code>PS> Invoke-CtrExec web tar, c, /data -OutFile data.tar</code>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "CtrExec", SupportsShouldProcess = true)]
[OutputType(typeof(string), typeof(byte[]), typeof(ProcessResult))]
public sealed class InvokeCtrExecCommand : ExecCommand
{
    private PipelineStdins? _stdins;
    private ProcessFiles? _files;

    /// <summary>Lines, or bytes, for the command's stdin. By default its stdin is empty.</summary>
    [Parameter(ValueFromPipeline = true)]
    [AllowNull]
    [AllowEmptyString]
    [AllowEmptyCollection]
    public PSObject? InputObject { get; set; }

    /// <summary>A file whose bytes are the command's stdin.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? InFile { get; set; }

    /// <summary>A file that takes stdout, byte by byte. It is overwritten unless -Append is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? OutFile { get; set; }

    /// <summary>A file that takes stderr, byte by byte; it may be that of -OutFile. It is overwritten unless -Append is given.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ErrorFile { get; set; }

    /// <summary>Writes after what is in the files already.</summary>
    [Parameter]
    public SwitchParameter Append { get; set; }

    /// <summary>Gives stdout as arrays of bytes, as it comes, instead of lines.</summary>
    [Parameter]
    public SwitchParameter AsByteStream { get; set; }

    /// <summary>Gives one object for each container, with the exit code, the times and all output (at most 64 MiB of each stream).</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    // Processes that are fed by the pipeline must all run: none would end before the others have begun.
    private protected override int MostAtOnce => _stdins is not null ? int.MaxValue : base.MostAtOnce;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        var idsAreGiven = MyInvocation.BoundParameters.ContainsKey(nameof(Id));
        if (idsAreGiven && (MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject))))
            _stdins = new PipelineStdins(Output.Wake);
        ProcessModes.Check(this, AsByteStream, PassThru, InFile, _stdins);
        _files = ProcessFiles.Open(this, OutFile, ErrorFile, InFile, Append);
        if (_stdins is not null)
            ExecuteInAll();
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_stdins is null)
        {
            ExecuteInAll();
            return;
        }

        _stdins.Feed(InputObject);
        PumpUntil(() => _stdins.HaveRoom);
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        _stdins?.Complete();
        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _files?.Dispose();
    }

    private void ExecuteInAll()
    {
        foreach (var client in Clients())
        {
            foreach (var id in Id)
            {
                if (!ShouldProcess(id, $"Execute '{CommandText}'"))
                    continue;
                var stdin = _stdins?.Add();
                Start(id, token => ExecuteAsync(client, id, stdin, token));
            }
        }
    }

    private async Task ExecuteAsync(ContainerdClient client, string id, PipelineStdin? stdin, CancellationToken token)
    {
        var output = new ProcessOutput(Output, id, ProcessModes.Of(AsByteStream, PassThru), _files!);
        try
        {
            using var file = _files!.OpenInput();
            var streams = new ProcessStreams { Stdin = (Stream?)stdin ?? file, Stdout = output.Stdout, Stderr = output.Stderr };
            var outcome = await client.Execs.RunAsync(id, Options, streams, token).ConfigureAwait(false);
            output.WriteEnd(outcome, CommandText, client.Session, client.Namespace);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LastExitCode.Set(Output, e);
            throw;
        }
        finally
        {
            stdin?.Abandon();
        }
    }
}

using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Containers;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Processes;

namespace Containerd.PowerShell.Commands.Containers;

/// <summary>Runs a command in a container of its own to the end, gives its output, and removes the container.</summary>
/// <remarks>
/// <para>
/// Does what New-CtrContainer, Start-CtrTask, Wait-CtrTask and Remove-CtrContainer do together, as docker run --rm does. Whatever
/// happens, the container is gone afterwards; Ctrl+C kills its process.
/// </para>
/// <para>
/// Lines of stdout come down the pipeline as strings while the command runs. Lines of stderr are shown and go to the information stream,
/// with the tag stderr. $LASTEXITCODE is set, and an exit code other than 0 is one error, ProcessExitedNonZero. -PassThru gives one
/// object with the exit code and all output instead, and no error; -AsByteStream gives stdout as arrays of bytes, -OutFile and
/// -ErrorFile write the raw bytes to files. What comes down the pipeline is the command's stdin: each object a line of text, bytes
/// as they are. Needs to run on the daemon's host.
/// </para>
/// </remarks>
/// <example>
/// <para>Runs a command.</para>
/// <code>PS> Invoke-CtrContainer busybox uname, -a</code>
/// </example>
/// <example>
/// <para>Sorts a file with the sort of another system.</para>
/// <code>PS> Get-Content words.txt | Invoke-CtrContainer busybox sort | Select-Object -First 10</code>
/// </example>
/// <example>
/// <para>Runs the tests of a build and keeps what they said.</para>
/// <code>PS> $run = Invoke-CtrContainer example/build:1 make, test -Mount "${PWD}:/src" -WorkingDirectory /src -Memory 2GB -PassThru
/// PS> $run.ExitCode, $run.Duration, $run.StandardError</code>
/// </example>
[Cmdlet(VerbsLifecycle.Invoke, "CtrContainer", SupportsShouldProcess = true, DefaultParameterSetName = ImageSet)]
[OutputType(typeof(string), typeof(byte[]), typeof(ProcessResult))]
public sealed class InvokeCtrContainerCommand : ContainerCreationCommand
{
    private PipelineStdins? _stdins;
    private ProcessFiles? _files;

    /// <summary>The container's id. By default one is made up from the image's name.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Id { get; set; }

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

    /// <summary>Gives one object with the exit code, the times and all output (at most 64 MiB of each stream).</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    // Each session runs one, all at once; those that the pipeline feeds must be.
    private protected override int MostAtOnce => int.MaxValue;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (MyInvocation.ExpectingInput || MyInvocation.BoundParameters.ContainsKey(nameof(InputObject)))
            _stdins = new PipelineStdins(Output.Wake);
        ProcessModes.Check(this, AsByteStream, PassThru, InFile, _stdins);
        _files = ProcessFiles.Open(this, OutFile, ErrorFile, InFile, Append);
        foreach (var client in Clients())
        {
            var id = Id ?? ContainerId.New(Image ?? Path.GetFileName(RootFs));
            if (!ShouldProcess($"{id} ({client.Namespace})", "Create, run and remove container"))
                continue;
            var stdin = _stdins?.Add();
            Start(id, token => RunAsync(client, id, stdin, token));
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_stdins is null)
            return;
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

    private async Task RunAsync(ContainerdClient client, string id, PipelineStdin? stdin, CancellationToken token)
    {
        var output = new ProcessOutput(Output, id, ProcessModes.Of(AsByteStream, PassThru), _files!);
        try
        {
            using var file = _files!.OpenInput();
            var streams = new ProcessStreams { Stdin = (Stream?)stdin ?? file, Stdout = output.Stdout, Stderr = output.Stderr };
            var outcome = await client.Containers.RunAsync(Options(id), streams, Output.WriteVerbose, token).ConfigureAwait(false);
            output.WriteEnd(outcome, Command is null ? "The command" : string.Join(' ', Command), client.Session, client.Namespace);
        }
        catch (ContainerdException e)
        {
            LastExitCode.Set(Output, e);
            Output.WriteError(ErrorRecords.From(e, TargetOf(e, id)));
        }
        finally
        {
            stdin?.Abandon();
        }
    }
}

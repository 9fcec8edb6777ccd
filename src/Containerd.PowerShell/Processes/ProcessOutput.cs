using System.Globalization;
using System.Management.Automation;
using Containerd.Client.Io;
using Containerd.Client.Tasks;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Processes;

/// <summary>
/// Writes the output and the end of one process to the streams of a cmdlet. The pipeline's thread may be a few pieces behind, not more:
/// a slow reader slows the process.
/// </summary>
internal sealed class ProcessOutput
{
    /// <summary>The tag of records of the information stream that are lines of stderr.</summary>
    public const string StderrTag = "stderr";

    // The tag that makes the host show a record whatever $InformationPreference says, as with Write-Host.
    private const string HostTag = "PSHOST";

    private const int MostPiecesBehind = 8;

    private readonly CommandOutput _output;
    private readonly string _containerId;
    private readonly OutputMode _mode;
    private readonly SemaphoreSlim _room = new(MostPiecesBehind);
    private readonly BufferSink? _stdout;
    private readonly BufferSink? _stderr;

    /// <summary>Prepares for a process.</summary>
    /// <param name="output">The cmdlet's streams.</param>
    /// <param name="containerId">The container's id: the source of what it writes, and the target of errors.</param>
    /// <param name="mode">What becomes of its output.</param>
    /// <param name="files">The files that take its output instead.</param>
    public ProcessOutput(CommandOutput output, string containerId, OutputMode mode, ProcessFiles files)
    {
        _output = output;
        _containerId = containerId;
        _mode = mode;
        if (mode == OutputMode.Result)
        {
            _stdout = files.Output is null ? new BufferSink() : null;
            _stderr = files.Errors is null ? new BufferSink() : null;
        }

        Stdout = files.Output ?? _stdout ?? (mode == OutputMode.Bytes ? new CallbackSink(WriteBytesAsync) : (IByteSink)new LineSink(WriteLinesAsync));
        Stderr = files.Errors ?? _stderr ?? (IByteSink)new LineSink(WriteErrorLinesAsync);
    }

    /// <summary>Takes stdout.</summary>
    public IByteSink Stdout { get; }

    /// <summary>Takes stderr.</summary>
    public IByteSink Stderr { get; }

    /// <summary>Tells how the process ended, after all of its output.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="command">What was run, for the error.</param>
    /// <param name="session">The session, for the result.</param>
    /// <param name="containerdNamespace">The namespace, for the result.</param>
    public void WriteEnd(ProcessOutcome outcome, string command, Session session, string containerdNamespace)
    {
        LastExitCode.Set(_output, outcome.Exit.Code ?? LastExitCode.Unknown);
        if (_mode == OutputMode.Result)
        {
            var result = ToResult(outcome, session, containerdNamespace);
            _output.Write(cmdlet => cmdlet.WriteObject(result));
            return;
        }

        if (outcome.OutputStillOpen)
            _output.WriteWarning($"'{command}' in container '{_containerId}' has ended, but what it left running still holds its output: what that writes is not shown.");
        if (outcome.Exit.Code is not { } code)
            _output.WriteError(new ErrorRecord(new ContainerdException($"'{command}' in container '{_containerId}' has ended while containerd was away: its exit code is lost."), "ExitCodeLost", ErrorCategory.NotSpecified, _containerId));
        else if (code != 0)
            _output.WriteError(ErrorRecords.From(new ProcessExitedException($"'{command}' in container '{_containerId}' exited with code {Describe(code)}.", code), _containerId));
    }

    private static string Describe(int code) =>
        code > 128 && code <= 128 + 64 ? $"{code.ToString(CultureInfo.InvariantCulture)} ({Client.Oci.Signal.Name(code - 128)})" : code.ToString(CultureInfo.InvariantCulture);

    private ProcessResult ToResult(ProcessOutcome outcome, Session session, string containerdNamespace) => new()
    {
        Session = session,
        Namespace = containerdNamespace,
        ContainerId = outcome.ContainerId,
        ExecId = outcome.ExecId,
        ExitCode = outcome.Exit.Code,
        StandardOutput = _stdout?.GetText() ?? "",
        StandardError = _stderr?.GetText() ?? "",
        StartedAt = outcome.StartedAt,
        ExitedAt = outcome.Exit.ExitedAt,
        OutputStillOpen = outcome.OutputStillOpen,
        OutputTruncated = _stdout?.Truncated == true || _stderr?.Truncated == true,
    };

    private ValueTask WriteLinesAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken) =>
        WriteAsync(cmdlet => cmdlet.WriteObject(lines, enumerateCollection: true), cancellationToken);

    private ValueTask WriteBytesAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // The memory is the poller's again when this returns.
        var copy = bytes.ToArray();
        return WriteAsync(cmdlet => cmdlet.WriteObject(copy, enumerateCollection: false), cancellationToken);
    }

    private ValueTask WriteErrorLinesAsync(IReadOnlyList<string> lines, CancellationToken cancellationToken) =>
        WriteAsync(
            cmdlet =>
            {
                foreach (var line in lines)
                {
                    var record = new InformationRecord(new HostInformationMessage { Message = line }, _containerId);
                    record.Tags.Add(StderrTag);
                    record.Tags.Add(HostTag);
                    cmdlet.WriteInformation(record);
                }
            },
            cancellationToken);

    private ValueTask WriteAsync(Action<Cmdlet> write, CancellationToken cancellationToken)
    {
        if (!_room.Wait(0, CancellationToken.None))
            return WaitAndWriteAsync(write, cancellationToken);
        Enqueue(write);
        return ValueTask.CompletedTask;
    }

    private async ValueTask WaitAndWriteAsync(Action<Cmdlet> write, CancellationToken cancellationToken)
    {
        await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        Enqueue(write);
    }

    private void Enqueue(Action<Cmdlet> write) => _output.Write(cmdlet =>
    {
        _room.Release();
        write(cmdlet);
    });
}

using System.Buffers;
using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Io;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Processes;

/// <summary>
/// The files of processes that go on without this PowerShell: made here, so that they are the user's own, and read and written by the shim.
/// </summary>
internal sealed class DetachedFiles : IDisposable
{
    private readonly SpooledInput? _spool;

    private DetachedFiles(string? output, string? errors, string? input, SpooledInput? spool) =>
        (Output, Errors, Input, _spool) = (output, errors, input, spool);

    /// <summary>The file that takes stdout; null where there is none.</summary>
    public string? Output { get; }

    /// <summary>The file that takes stderr; null where there is none.</summary>
    public string? Errors { get; }

    /// <summary>The file that is stdin; null where there is none.</summary>
    public string? Input { get; }

    /// <summary>Makes or checks the files; what can't be used ends the cmdlet.</summary>
    /// <param name="cmdlet">Knows the current location, and gets the error.</param>
    /// <param name="output">The file for stdout as typed; null for none.</param>
    /// <param name="errors">The file for stderr as typed; null for none.</param>
    /// <param name="inFile">The file for stdin as typed; null for none.</param>
    /// <param name="stdin">What stdin is instead; null for nothing.</param>
    /// <param name="append">Keeps what is in the files already.</param>
    /// <returns>The files.</returns>
    public static DetachedFiles Prepare(PSCmdlet cmdlet, string? output, string? errors, string? inFile, object[]? stdin, bool append)
    {
        if (inFile is not null && stdin is not null)
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.From(
                new InvalidArgumentException("InFile", "The stdin comes from -InFile or from -Stdin, not from both."), inFile));
        }

        using var files = ProcessFiles.Open(cmdlet, output, errors, inFile, append);
        var spool = stdin is null ? null : Spool(cmdlet, stdin);
        return new DetachedFiles(files.Output?.Path, files.Errors?.Path, files.InputPath ?? spool?.Path, spool);
    }

    /// <summary>Refuses files of this machine for a server on another.</summary>
    /// <param name="client">The server's client.</param>
    /// <param name="action">What was to be done, for the error.</param>
    /// <exception cref="FailedPreconditionException">The server is on another machine.</exception>
    public void EnsureReachable(ContainerdClient client, string action)
    {
        if (!client.Session.IsLocal && (Output ?? Errors ?? Input) is { } file)
        {
            throw new FailedPreconditionException(
                $"Cannot {action}: '{file}' is on this machine, and containerd at {client.Session.Address} is on another. Leave the files out, or give -LogUri.");
        }
    }

    /// <summary>Removes what stdin was kept in.</summary>
    public void Dispose() => _spool?.Dispose();

    private static SpooledInput Spool(PSCmdlet cmdlet, object[] stdin)
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (var value in stdin)
            StdinText.Write(value, bytes);
        try
        {
            return SpooledInput.Create(bytes.WrittenSpan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.From(e, stdin));
            throw;
        }
    }
}

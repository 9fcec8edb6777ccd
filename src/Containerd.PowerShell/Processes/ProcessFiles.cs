using System.Management.Automation;
using Containerd.Client.Io;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Processes;

/// <summary>The files that a cmdlet's processes write to and read from, opened once for all of them.</summary>
internal sealed class ProcessFiles : IDisposable
{
    private ProcessFiles(FileSink? output, FileSink? errors, string? input) => (Output, Errors, InputPath) = (output, errors, input);

    /// <summary>The full path of the file for stdin; null where there is none.</summary>
    public string? InputPath { get; }

    /// <summary>Takes stdout; null where it goes elsewhere.</summary>
    public FileSink? Output { get; }

    /// <summary>Takes stderr; null where it goes elsewhere. The same as <see cref="Output"/> where both go to one file.</summary>
    public FileSink? Errors { get; }

    /// <summary>Opens the files; what can't be opened ends the cmdlet.</summary>
    /// <param name="cmdlet">Knows the current location, and gets the error.</param>
    /// <param name="output">The file for stdout as typed; null for none.</param>
    /// <param name="errors">The file for stderr as typed; null for none.</param>
    /// <param name="input">The file for stdin as typed; null for none.</param>
    /// <param name="append">Write after what is in the files already.</param>
    /// <returns>The open files.</returns>
    public static ProcessFiles Open(PSCmdlet cmdlet, string? output, string? errors, string? input, bool append)
    {
        FileSink? outputFile = null;
        FileSink? errorFile = null;
        var typed = output;
        try
        {
            outputFile = output is null ? null : OpenSink(cmdlet, output, append);
            typed = errors;
            errorFile = errors is null ? null
                : outputFile?.Path == PathOf(cmdlet, errors) ? outputFile : OpenSink(cmdlet, errors, append);
            typed = input;
            if (input is not null)
            {
                input = PathOf(cmdlet, input);
                OpenInput(input).Dispose();
            }

            return new ProcessFiles(outputFile, errorFile, input);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            outputFile?.Dispose();
            errorFile?.Dispose();
            cmdlet.ThrowTerminatingError(ErrorRecords.From(e, typed));
            throw;
        }
    }

    /// <summary>The file for stdin, from its beginning; null where there is none. Each process has its own, to be disposed.</summary>
    public FileStream? OpenInput() => InputPath is null ? null : OpenInput(InputPath);

    /// <summary>Closes what is written to.</summary>
    public void Dispose()
    {
        Output?.Dispose();
        Errors?.Dispose();
    }

    private static FileStream OpenInput(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    // A directory that is missing is more likely mistyped than wished for.
    private static FileSink OpenSink(PSCmdlet cmdlet, string typed, bool append)
    {
        var path = PathOf(cmdlet, typed);
        return Directory.Exists(Path.GetDirectoryName(path))
            ? FileSink.Open(path, append)
            : throw new DirectoryNotFoundException($"Cannot write to '{path}': there is no such directory.");
    }

    private static string PathOf(PSCmdlet cmdlet, string typed) => Path.GetFullPath(cmdlet.GetUnresolvedProviderPathFromPSPath(typed));
}

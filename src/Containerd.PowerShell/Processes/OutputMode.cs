using System.Management.Automation;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Processes;

/// <summary>What becomes of the output of a process.</summary>
internal enum OutputMode
{
    /// <summary>Lines of stdout go down the pipeline as they come, lines of stderr to the information stream.</summary>
    Lines,

    /// <summary>As lines, but stdout goes down the pipeline as arrays of bytes.</summary>
    Bytes,

    /// <summary>Everything is kept for one <see cref="ProcessResult"/> at the end.</summary>
    Result,
}

/// <summary>The parameters that choose what becomes of output and where input comes from.</summary>
internal static class ProcessModes
{
    /// <summary>What the parameters choose.</summary>
    public static OutputMode Of(bool asByteStream, bool passThru) => passThru ? OutputMode.Result : asByteStream ? OutputMode.Bytes : OutputMode.Lines;

    /// <summary>Ends a cmdlet whose parameters contradict each other.</summary>
    public static void Check(PSCmdlet cmdlet, bool asByteStream, bool passThru, string? inFile, PipelineStdins? stdins)
    {
        if (asByteStream && passThru)
            Refuse(cmdlet, "AsByteStream", "-AsByteStream and -PassThru exclude each other: the one gives bytes as they come, the other text at the end.");
        if (inFile is not null && stdins is not null)
            Refuse(cmdlet, "InFile", "The stdin comes from -InFile or from the pipeline, not from both.");
    }

    private static void Refuse(PSCmdlet cmdlet, string parameter, string message) =>
        cmdlet.ThrowTerminatingError(ErrorRecords.From(new InvalidArgumentException(parameter, message), null));
}

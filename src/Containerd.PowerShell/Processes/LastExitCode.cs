using System.Management.Automation;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Processes;

/// <summary>Sets $LASTEXITCODE as a native command would. Where nothing ran it gets the codes that shells and docker use.</summary>
internal static class LastExitCode
{
    /// <summary>containerd's word for a code that nobody knows.</summary>
    public const int Unknown = 255;

    private const int CouldNotRun = 125;
    private const int NotExecutable = 126;
    private const int NotFound = 127;

    /// <summary>Sets it, in order with all else that the cmdlet writes.</summary>
    /// <param name="output">The cmdlet's streams.</param>
    /// <param name="code">The code.</param>
    public static void Set(CommandOutput output, int code) =>
        output.Write(cmdlet => ((PSCmdlet)cmdlet).SessionState.PSVariable.Set("global:LASTEXITCODE", code));

    /// <summary>Sets it for a process that did not come to run: never is the code of an earlier command left standing.</summary>
    /// <param name="output">The cmdlet's streams.</param>
    /// <param name="error">Why it did not run.</param>
    public static void Set(CommandOutput output, Exception error) => Set(output, error switch
    {
        NotFoundException { Kind: ResourceKind.Program } => NotFound,
        ContainerdException { Status: ServerStatus.PermissionDenied } and not ConnectionException => NotExecutable,
        _ => CouldNotRun,
    });
}

using System.Text.RegularExpressions;

namespace Containerd.Client.Tasks;

/// <summary>Finds out from the runtime's text why a program did not start. There is nothing better: the status is always Unknown.</summary>
internal static partial class StartFailure
{
    /// <summary>A better error, or null where the text says nothing that is known.</summary>
    /// <param name="error">The error of the call.</param>
    /// <param name="id">The container's id.</param>
    /// <param name="command">What was to be started.</param>
    public static ContainerdException? Explain(ContainerdException error, string id, IReadOnlyList<string> command)
    {
        if (error.Status != ServerStatus.Unknown || Text().Match(error.Message) is not { Success: true } match)
            return null;
        var program = match.Groups["program"].Success ? match.Groups["program"].Value : command.Count > 0 ? command[0] : "";
        return match.Groups["denied"].Success
            ? new ContainerdException(
                $"Cannot start '{program}' in container '{id}': it may not be executed (permission denied).", ServerStatus.PermissionDenied, error)
            : new NotFoundException(
                ResourceKind.Program, program, $"Cannot start '{program}' in container '{id}': there is no such program in its root file system or PATH.", error);
    }

    // runc: exec: "nope": executable file not found in $PATH; exec: "/nope": stat /nope: no such file or directory;
    // exec: "/etc/passwd": permission denied. A missing working directory has other words ("chdir to cwd").
    [GeneratedRegex("""exec: "(?<program>[^"]*)": (?:(?:executable file not found|stat [^:]*: no such file or directory|no such file or directory)|(?<denied>permission denied))""")]
    private static partial Regex Text();
}

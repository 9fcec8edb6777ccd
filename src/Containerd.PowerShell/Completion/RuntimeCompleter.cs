using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Containerd.PowerShell.Completion;

/// <summary>
/// Completes the names of runtimes: those whose shim is on this machine's PATH (containerd-shim-kata-v2 is io.containerd.kata.v2). The
/// server has no list of them.
/// </summary>
public sealed class RuntimeCompleter : IArgumentCompleter
{
    private const string Shim = "containerd-shim-";
    private const string Runc = "io.containerd.runc.v2";

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(wordToComplete);
        var word = wordToComplete.Trim('\'', '"');
        return OnPath().Prepend(Runc).Distinct().Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(name, name, CompletionResultType.ParameterValue, name));
    }

    private static IEnumerable<string> OnPath()
    {
        foreach (var directory in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var path in Shims(directory))
            {
                // containerd-shim-NAME-VERSION; the first shims of old, without a version, are no runtimes of this kind.
                var parts = Path.GetFileNameWithoutExtension(path)[Shim.Length..];
                if (parts.LastIndexOf('-') is > 0 and var dash)
                    yield return $"io.containerd.{parts[..dash]}.{parts[(dash + 1)..]}";
            }
        }
    }

    private static string[] Shims(string directory)
    {
        try
        {
            return Directory.GetFiles(directory, Shim + "*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // What is on PATH need not be there.
            return [];
        }
    }
}

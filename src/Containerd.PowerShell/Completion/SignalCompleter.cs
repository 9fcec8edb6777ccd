using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the names of signals, with or without SIG.</summary>
public sealed class SignalCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"');
        return Signal.All
            .Where(name => name.StartsWith(word, StringComparison.OrdinalIgnoreCase) || name.AsSpan(3).StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .Select(name => new CompletionResult(name, name, CompletionResultType.ParameterValue, $"{name} ({Signal.Parse(name)})"));
    }
}

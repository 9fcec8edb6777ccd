using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the names of the runspace's sessions.</summary>
public sealed class SessionNameCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(wordToComplete);
        var word = wordToComplete.Trim('\'', '"');
        return from session in SessionRegistry.Current.Sessions
               where session.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase)

               // A name is the user's own choice and may hold what PowerShell would take apart.
               let text = session.Name.All(char.IsAsciiLetterOrDigit) ? session.Name : $"'{CodeGeneration.EscapeSingleQuotedStringContent(session.Name)}'"
               select new CompletionResult(text, session.Name, CompletionResultType.ParameterValue, $"{session.Address}, {session.Namespace}");
    }
}

using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>Completes the topics that containerd publishes.</summary>
public sealed class TopicCompleter : IArgumentCompleter
{
    private static readonly string[] s_topics =
    [
        "/tasks/*", "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete", "/tasks/oom", "/tasks/exec-added", "/tasks/exec-started",
        "/tasks/paused", "/tasks/resumed", "/tasks/checkpointed", "/containers/*", "/containers/create", "/containers/update", "/containers/delete",
        "/images/*", "/images/create", "/images/update", "/images/delete", "/namespaces/*", "/namespaces/create", "/namespaces/update",
        "/namespaces/delete", "/snapshot/*", "/snapshot/prepare", "/snapshot/commit", "/snapshot/remove", "/content/*", "/content/create",
        "/content/delete", "/sandboxes/*", "/sandboxes/create", "/sandboxes/start", "/sandboxes/exit",
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"').TrimStart('/');
        return s_topics.Where(t => t.AsSpan(1).StartsWith(word, StringComparison.OrdinalIgnoreCase)).Select(t => new CompletionResult(t));
    }
}

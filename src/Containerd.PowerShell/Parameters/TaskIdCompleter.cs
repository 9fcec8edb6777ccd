using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Completes the ids of containers that have a task, from the session and namespace that the command names, else the default.
/// Quick and silent: it opens no session, waits a second at most, and gives nothing where something is wrong.
/// </summary>
public sealed class TaskIdCompleter : IArgumentCompleter
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        var word = wordToComplete.Trim('\'', '"');
        return Tasks(fakeBoundParameters)
            .Where(task => task.Id.StartsWith(word, StringComparison.OrdinalIgnoreCase))
            .OrderBy(task => task.Id, StringComparer.Ordinal)
            .Select(task => new CompletionResult(task.Id, task.Id, CompletionResultType.ParameterValue, $"{task.Id}: {task.State}, process {task.Pid}"));
    }

    private static IReadOnlyList<ContainerTask> Tasks(IDictionary parameters)
    {
        try
        {
            var session = parameters["Session"] is { } given
                ? ((Session[])new SessionArgumentAttribute().Transform(null!, given))[0]
                : SessionRegistry.Current.Default;
            if (session is null)
                return [];
            var client = SessionRegistry.ClientOf(session);
            client = client.InNamespace(parameters["Namespace"] as string ?? client.Namespace);
            using var patience = new CancellationTokenSource(s_patience);
            return Task.Run(() => client.Tasks.ListAsync(patience.Token)).GetAwaiter().GetResult();
        }
#pragma warning disable CA1031 // A completer that fails completes nothing; the command itself will say what is wrong.
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }
}

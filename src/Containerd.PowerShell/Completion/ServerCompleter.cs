using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using Containerd.Client;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Completion;

/// <summary>
/// The base of the completers that ask a server: the session and namespace on the command line, else the default ones. A server
/// that is not there or does not answer within a second completes nothing, and nothing is said of it.
/// </summary>
public abstract class ServerCompleter : IArgumentCompleter
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    private protected ServerCompleter()
    {
    }

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters)
    {
        ArgumentNullException.ThrowIfNull(wordToComplete);
        ArgumentNullException.ThrowIfNull(fakeBoundParameters);
        var registry = SessionRegistry.Current;
        var word = wordToComplete.Trim('\'', '"');
        try
        {
            return Task.Run(async () =>
            {
                using var patience = new CancellationTokenSource(s_patience);
                var client = await ClientAsync(registry, fakeBoundParameters, patience.Token).ConfigureAwait(false);
                var found = await FindAsync(client, word, patience.Token).WaitAsync(patience.Token).ConfigureAwait(false);
                return found.ToArray();
            }).GetAwaiter().GetResult();
        }
#pragma warning disable CA1031 // A completer that fails completes nothing; the command itself will say what is wrong.
        catch (Exception)
#pragma warning restore CA1031
        {
            return [];
        }
    }

    /// <summary>What the word can become.</summary>
    /// <param name="client">The server to ask.</param>
    /// <param name="word">What is typed so far, without quotes.</param>
    /// <param name="cancellationToken">Ends the calls after a second.</param>
    /// <returns>The completions in the order to offer them.</returns>
    private protected abstract Task<IEnumerable<CompletionResult>> FindAsync(ContainerdClient client, string word, CancellationToken cancellationToken);

    /// <summary>One completion.</summary>
    /// <param name="text">The text that takes the place of the word.</param>
    /// <param name="toolTip">What is told of it.</param>
    /// <returns>The completion.</returns>
    private protected static CompletionResult Completion(string text, string toolTip) =>
        new(text, text, CompletionResultType.ParameterValue, toolTip);

    private static async Task<ContainerdClient> ClientAsync(SessionRegistry registry, IDictionary parameters, CancellationToken cancellationToken)
    {
        var client = parameters["Session"] is { } given
            ? SessionRegistry.ClientOf(Find(registry, given))
            : await registry.OpenDefaultAsync(cancellationToken).ConfigureAwait(false);
        return client.InNamespace(parameters["Namespace"] as string ?? client.Namespace);
    }

    /// <summary>The first session that is meant: an object, a name or a number. The registry is that of the prompt's runspace, not of this thread.</summary>
    private static Session Find(SessionRegistry registry, object given)
    {
        var first = (LanguagePrimitives.GetEnumerable(given) is { } many ? many.Cast<object>() : [given]).First();
        var value = first is PSObject wrapped ? wrapped.BaseObject : first;
        return value as Session ?? registry.Sessions.First(session => SessionArgumentAttribute.IsMeant(session, LanguagePrimitives.ConvertTo<string>(value)));
    }
}

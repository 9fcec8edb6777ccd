using System.Management.Automation;
using Containerd.Client.Events;
using Containerd.PowerShell.Completion;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>Makes a PowerShell event subscription to the events of a containerd.</summary>
/// <remarks>
/// <para>
/// Works like Register-ObjectEvent: with -Action, the script block runs for every event while the session goes on, and the cmdlet returns the job
/// that holds its output; without, Get-Event and Wait-Event fetch the events. Unregister-Event ends the subscription, and so does closing the
/// containerd session. When the cmdlet returns, the subscription stands: what happens from then on is delivered.
/// </para>
/// <para>
/// The action finds the event in $EventArgs.Event (or $Event.SourceEventArgs.Event), the session it came from in $Sender, and -MessageData in
/// $Event.MessageData. Events come in the order in which they happened, one action after the other. PowerShell runs actions between the
/// commands of the session and, some a second, at an idle prompt; not while one long command runs. An action may end its own subscription.
/// </para>
/// <para>
/// When containerd goes away the subscription waits until it serves. A process that ended meanwhile is found by its state and its
/// exit delivered once, with Recovered set; ExitCode is empty where the server has lost it.
/// </para>
/// <para>
/// Events that wait for an action or for Get-Event are bounded: beyond some thousands newer ones are dropped, exits last. A warning about that, or about
/// a lost connection, is a PowerShell event too: its source identifier is the subscription's with .Warning behind it, its SourceArgs the text.
/// </para>
/// </remarks>
/// <example>
/// <para>Starts a container again whenever it ends with an error.</para>
/// <code>PS> Register-CtrEvent -Kind TaskExit -Id web -SourceIdentifier web -Action { if ($EventArgs.Event.ExitCode) { Start-CtrTask $EventArgs.Event.ContainerId } }</code>
/// </example>
/// <example>
/// <para>Waits for the next image that is imported or pulled.</para>
/// <code>PS> Register-CtrEvent -Topic /images/create -SourceIdentifier images; (Wait-Event images).SourceEventArgs.Event.Id; Unregister-Event images</code>
/// </example>
/// <example>
/// <para>Writes all exits to a file, until Unregister-Event log.</para>
/// <code>PS> Register-CtrEvent /tasks/exit -SourceIdentifier log -MessageData exits.csv -Action { $EventArgs.Event | Export-Csv $Event.MessageData -Append }</code>
/// </example>
/// <example>
/// <para>Shows warnings of the subscription "log", such as that the connection was lost, when they come.</para>
/// <code>PS> Register-EngineEvent log.Warning -Action { Write-Warning $args[0] }</code>
/// </example>
[Cmdlet(VerbsLifecycle.Register, "CtrEvent")]
[OutputType(typeof(PSEventJob))]
public sealed class RegisterCtrEventCommand : EventCommand
{
    /// <summary>The ids of the containers whose events are wanted; wildcards are allowed. All events by default.</summary>
    [Parameter(Position = 1)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>
    /// The name of the subscription, for Get-Event, Wait-Event and Unregister-Event. By default a made one, which the job has as its name.
    /// </summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? SourceIdentifier { get; set; }

    /// <summary>What to run for every event. Without it the events wait for Get-Event.</summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? Action { get; set; }

    /// <summary>Something the action finds in $Event.MessageData.</summary>
    [Parameter]
    public PSObject? MessageData { get; set; }

    /// <summary>Ends the subscription after this many events. By default it goes on.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaxTriggerCount { get; set; }

    /// <summary>Hides the subscription: Get-EventSubscriber and Unregister-Event see it only with -Force.</summary>
    [Parameter]
    public SwitchParameter SupportEvent { get; set; }

    /// <summary>Sends the events to the PowerShell that opened this remote session, instead of keeping them here.</summary>
    [Parameter]
    public SwitchParameter Forward { get; set; }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var identifier = SourceIdentifier ?? Guid.NewGuid().ToString();
        if (Events.GetEventSubscribers(identifier).Any())
        {
            ThrowTerminatingError(PowerShell.Errors.ErrorRecords.From(
                new AlreadyExistsException(
                    ResourceKind.Event,
                    identifier,
                    $"There is an event subscription '{identifier}' already: end it with Unregister-Event, or choose another -SourceIdentifier."),
                identifier));
        }

        var query = Query(Id);
        var clients = Clients();
        if (clients.Count == 0)
            return;
        var subscriptions = Await(identifier, async token =>
        {
            var standing = new List<EventSubscription>();
            try
            {
                foreach (var client in clients)
                    standing.Add(await client.Events.SubscribeAsync(query, token).ConfigureAwait(false));
                return standing;
            }
            catch
            {
                standing.ForEach(s => s.Dispose());
                throw;
            }
        });
        var source = new ContainerdEventSource(
            string.Join(", ", clients.Select(c => $"{(AllNamespaces ? "all namespaces" : c.Namespace)} on {c.Session.Address}")));
        var subscriber = Events.SubscribeEvent(
            source, nameof(source.EventReceived), identifier, MessageData, Action, SupportEvent, Forward, MaxTriggerCount);
        EventForwarder.Start(
            Events, subscriber, subscriptions, MessageData, oneByOne: Action is not null && ActionCode.MayEndSubscription(Action, InvokeCommand));
        if (subscriber.Action is not null)
            WriteObject(subscriber.Action);
    }
}

using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;

namespace Containerd.PowerShell.Commands.Events;

/// <summary>Writes the events of a containerd to the pipeline as they happen.</summary>
/// <remarks>
/// <para>
/// Goes on until Ctrl+C, or until -Count events or the -Timeout. containerd keeps no history: events come from the moment the subscription
/// stands, which -Verbose tells and at which -ScriptBlock runs. For each container they come in the order in which they happened.
/// </para>
/// <para>
/// When containerd goes away, a warning says so; the cmdlet waits until it serves and goes on. A process that ended meanwhile is found by its
/// state and written once, with Recovered set; ExitCode is empty where the server has lost it. Other events of that time are lost. (An exec process
/// is found only if the cmdlet has seen it start.)
/// </para>
/// <para>
/// Up to 8192 events wait for a pipeline that is slower than they come. Beyond that newer ones are dropped, exits last, and a warning says how many.
/// </para>
/// </remarks>
/// <example>
/// <para>Shows everything that happens in the session's namespace.</para>
/// <code>PS> Watch-CtrEvent</code>
/// </example>
/// <example>
/// <para>Waits up to a minute until one of the web containers ends.</para>
/// <code>PS> Get-CtrContainer web* | Watch-CtrEvent -Topic /tasks/exit -Count 1 -Timeout 60</code>
/// </example>
/// <example>
/// <para>Starts a container and shows what happens to it until it ends, missing nothing.</para>
/// <code>PS> Watch-CtrEvent -Id job -Count 3 -Topic /tasks/* -ScriptBlock { Start-CtrTask job }</code>
/// </example>
/// <example>
/// <para>Says which containers run out of memory, on all hosts with a session and in all namespaces.</para>
/// <code>PS> Watch-CtrEvent -Kind TaskOOM -AllNamespaces -Session (Get-CtrSession) | ForEach-Object { "$($_.Session) $($_.ContainerId)" }</code>
/// </example>
[Cmdlet(VerbsCommon.Watch, "CtrEvent")]
[OutputType(typeof(ContainerdEvent))]
public sealed class WatchCtrEventCommand : EventCommand
{
    private readonly Dictionary<(Session, string), (ContainerdClient Client, List<string> Ids)> _watched = [];
    private readonly CancellationTokenSource _enough = new();
    private int _seen;

    /// <summary>
    /// The ids of the containers whose events are wanted; wildcards are allowed. Containers can be piped in. All events by default.
    /// </summary>
    [Parameter(ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[]? Id { get; set; }

    /// <summary>Ends after this many events.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int? Count { get; set; }

    /// <summary>Ends after this time, in seconds or as a TimeSpan, with as many events as there were. By default it goes on.</summary>
    [Parameter]
    [Duration]
    public TimeSpan? Timeout { get; set; }

    /// <summary>What to run once the subscription stands, so that nothing it brings about is missed. Its output goes to the pipeline.</summary>
    [Parameter]
    [ValidateNotNull]
    public ScriptBlock? ScriptBlock { get; set; }

    private protected override int MostAtOnce => int.MaxValue;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var client in Clients())
        {
            var key = (client.Session, AllNamespaces ? "" : client.Namespace);
            if (!_watched.TryGetValue(key, out var watched))
                _watched[key] = watched = (client, []);
            watched.Ids.AddRange(Id ?? []);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var standing = new List<Task<bool>>();
        foreach (var (client, ids) in _watched.Values)
        {
            var stands = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
            standing.Add(stands.Task);
            Start(client.Session, token => WatchAsync(client, Id is null ? null : ids, stands, token));
        }

        var allStand = Array.TrueForAll(Await(null, _ => Task.WhenAll(standing)), stands => stands);
        if (Timeout is { } timeout)
            _enough.CancelAfter(timeout);
        if (ScriptBlock is not null && allStand)
            WriteObject(InvokeCommand.InvokeScript(useLocalScope: true, ScriptBlock, null), enumerateCollection: true);
        base.EndProcessing();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
            _enough.Dispose();
    }

    private async Task WatchAsync(ContainerdClient client, List<string>? ids, TaskCompletionSource<bool> stands, CancellationToken cancellationToken)
    {
        using var until = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _enough.Token);
        try
        {
            using var subscription = await client.Events.SubscribeAsync(Query(ids), until.Token).ConfigureAwait(false);
            var where = AllNamespaces ? "all namespaces" : $"namespace '{client.Namespace}'";
            Output.WriteVerbose($"Watching the events of {where} on {client.Session.Address}.");
            stands.TrySetResult(true);
            await foreach (var (e, warning) in subscription.ReadAsync(until.Token).ConfigureAwait(false))
            {
                if (warning is not null)
                    Output.WriteWarning(warning);
                else if (!await WriteAsync(e!, cancellationToken).ConfigureAwait(false))
                    return;
            }
        }
        catch (OperationCanceledException) when (_enough.IsCancellationRequested)
        {
            // As many as wanted, or as long as wanted.
        }
        finally
        {
            stands.TrySetResult(false);
        }
    }

    // Several servers count together.
    private async Task<bool> WriteAsync(ContainerdEvent e, CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _seen);
        if (number > Count)
            return false;
        await Output.WriteObjectAsync(e, cancellationToken).ConfigureAwait(false);
        if (number == Count)
            await _enough.CancelAsync().ConfigureAwait(false);
        return number != Count;
    }
}

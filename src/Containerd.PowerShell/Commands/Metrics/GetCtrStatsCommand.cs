using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Metrics;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Metrics;

/// <summary>Shows what containers use: processor, memory, disks, processes.</summary>
/// <remarks>
/// <para>
/// The numbers are those of the kernel's cgroups (version 1 or 2, or of Windows), as plain numbers, TimeSpans and bytes. MemoryUsage is
/// without the file cache that the kernel would give back, as docker counts. CpuPercent is 100 for one CPU used all the time. It takes two readings,
/// so the cmdlet reads twice, with -Interval between; -NoCpuPercent reads once and answers at once.
/// </para>
/// <para>
/// Containers run side by side; one whose shim hangs is an error after 10 seconds and does not hold up the others. The network is not among
/// the numbers: containerd does not count it.
/// </para>
/// </remarks>
/// <example>
/// <para>Shows what all running containers use.</para>
/// <code>PS> Get-CtrStats</code>
/// </example>
/// <example>
/// <para>Finds the five that use most memory, without waiting for CpuPercent.</para>
/// <code>PS> Get-CtrStats -NoCpuPercent | Sort-Object MemoryUsage -Descending | Select-Object -First 5 Id, MemoryUsage, MemoryPercent</code>
/// </example>
/// <example>
/// <para>Records a container's use every ten seconds until Ctrl+C.</para>
/// <code>PS> Get-CtrStats web -Follow -Interval 10 | Select-Object Timestamp, CpuPercent, MemoryUsage | Export-Csv web.csv</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrStats", DefaultParameterSetName = OnceSet)]
[OutputType(typeof(ContainerStats))]
public sealed class GetCtrStatsCommand : ConcurrentCommand
{
    private const string OnceSet = "Once";
    private const string FollowSet = "Follow";

    private SemaphoreSlim? _room;

    /// <summary>The ids of the containers; wildcards are allowed. Containers and tasks can be piped in. All that run by default.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(TaskIdCompleter))]
    public string[] Id { get; set; } = ["*"];

    /// <summary>The time between two readings, in seconds or as a TimeSpan; 1 second by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Reads once and does not wait: CpuPercent stays empty.</summary>
    [Parameter(ParameterSetName = OnceSet)]
    public SwitchParameter NoCpuPercent { get; set; }

    /// <summary>
    /// Goes on, with a reading of every container each -Interval, until Ctrl+C or until the containers named have stopped. With a wildcard,
    /// or without an id, containers that are started meanwhile are followed too.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = FollowSet)]
    public SwitchParameter Follow { get; set; }

    // They wait most of the time; what is bounded is how many are asked for at once.
    private protected override int MostAtOnce => int.MaxValue;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        if (Interval == TimeSpan.Zero)
        {
            ThrowTerminatingError(ErrorRecords.From(
                new InvalidArgumentException(nameof(Interval), "An -Interval of 0 is no time to measure over; -NoCpuPercent reads once, at once."),
                Interval));
        }

        _room = new SemaphoreSlim(ThrottleLimit);
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var names = new NamePatterns(Id);
        foreach (var client in Clients())
        {
            foreach (var id in names.Literals)
                Start(id, token => Follow ? FollowAsync(client, id, isNamed: true, token) : ReadAsync(client, id, isNamed: true, token));
            if (names.HasWildcards)
                Start(client.Session, token => Follow ? FollowAllAsync(client, names, token) : ReadAllAsync(client, names, token));
        }
    }

    private static bool Runs(ContainerTask task) => task.State is TaskState.Running or TaskState.Paused or TaskState.Pausing or TaskState.Unknown;

    private async Task ReadAllAsync(ContainerdClient client, NamePatterns names, CancellationToken cancellationToken)
    {
        var tasks = await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(tasks
            .Where(t => Runs(t) && names.Match(t.Id) && !names.Literals.Contains(t.Id))
            .OrderBy(t => t.Id, StringComparer.Ordinal)
            .Select(t => WithoutEndingOthersAsync(t.Id, () => ReadAsync(client, t.Id, isNamed: false, cancellationToken)))).ConfigureAwait(false);
    }

    private async Task ReadAsync(ContainerdClient client, string id, bool isNamed, CancellationToken cancellationToken)
    {
        var stats = await AskAsync(client, id, isNamed, cancellationToken).ConfigureAwait(false);
        if (stats is null)
            return;
        if (!NoCpuPercent)
        {
            await Task.Delay(Interval, cancellationToken).ConfigureAwait(false);

            // What ended meanwhile has one reading all the same.
            if (await AskAsync(client, id, isNamed: false, cancellationToken).ConfigureAwait(false) is { } later)
                stats = StatsService.Since(stats, later);
        }

        await Output.WriteObjectAsync(stats, cancellationToken).ConfigureAwait(false);
    }

    private async Task FollowAllAsync(ContainerdClient client, NamePatterns names, CancellationToken cancellationToken)
    {
        var followed = new Dictionary<string, Task>(StringComparer.Ordinal);
        using var timer = new PeriodicTimer(Interval);
        do
        {
            await WithoutEndingOthersAsync(client.Session, async () =>
            {
                foreach (var task in await client.Tasks.ListAsync(cancellationToken).ConfigureAwait(false))
                {
                    if (Runs(task) && names.Match(task.Id) && !names.Literals.Contains(task.Id)
                        && (!followed.TryGetValue(task.Id, out var following) || following.IsCompleted))
                    {
                        followed[task.Id] = WithoutEndingOthersAsync(task.Id, () => FollowAsync(client, task.Id, isNamed: false, cancellationToken));
                    }
                }
            }).ConfigureAwait(false);
        }
        while (client.Session.State == Containerd.SessionState.Open && await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false));
    }

    private async Task FollowAsync(ContainerdClient client, string id, bool isNamed, CancellationToken cancellationToken)
    {
        var before = await AskAsync(client, id, isNamed, cancellationToken).ConfigureAwait(false);
        using var timer = new PeriodicTimer(Interval);
        while (before is not null && await timer.WaitForNextTickAsync(cancellationToken).ConfigureAwait(false))
        {
            try
            {
                var now = await AskAsync(client, id, isNamed: false, cancellationToken).ConfigureAwait(false);
                if (now is not null)
                    await Output.WriteObjectAsync(StatsService.Since(before, now), cancellationToken).ConfigureAwait(false);
                before = now;
            }
            catch (ContainerdException e) when (client.Session.State == Containerd.SessionState.Open)
            {
                // containerd is away, or the shim hangs: the next reading may come again.
                Output.WriteError(ErrorRecords.From(e, id));
            }
        }
    }

    // Null where there is nothing to read: the container has ended, which is an error only if the user named it and it never ran.
    private async Task<ContainerStats?> AskAsync(ContainerdClient client, string id, bool isNamed, CancellationToken cancellationToken)
    {
        await _room!.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            var stats = await client.Stats.ReadAsync(id, cancellationToken).ConfigureAwait(false);
            if (stats is null)
                Output.WriteWarning($"The runtime of container '{id}' does not tell what it uses.");
            return stats;
        }
        catch (ContainerdException e) when (!isNamed && e is NotFoundException or FailedPreconditionException)
        {
            Output.WriteVerbose(e.Message);
            return null;
        }
        finally
        {
            _room.Release();
        }
    }

    private async Task WithoutEndingOthersAsync(object target, Func<Task> work)
    {
        try
        {
            await work().ConfigureAwait(false);
        }
        catch (ContainerdException e)
        {
            Output.WriteError(ErrorRecords.From(e, target));
        }
    }
}

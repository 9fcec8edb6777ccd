using Containerd.Client.Connection;
using Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Metrics;

/// <summary>What the containers of a namespace use.</summary>
public sealed class StatsService
{
    // One hung shim would let a call about all containers fail (trap T19), so each is asked for by itself, and not waited for for ever.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    private readonly ContainerdClient _client;
    private readonly Wire.Tasks.Tasks.TasksClient _tasks;

    internal StatsService(ContainerdClient client)
    {
        _client = client;
        _tasks = new Wire.Tasks.Tasks.TasksClient(client.Scope.Invoker);
    }

    /// <summary>Reads what a container uses now.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>
    /// The reading, without CpuPercent: that takes two (<see cref="Since"/>). Null where the container runs and its runtime tells nothing.
    /// </returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no task.</exception>
    /// <exception cref="FailedPreconditionException">It has stopped.</exception>
    /// <exception cref="TimeoutException">Its shim does not answer.</exception>
    public async Task<ContainerStats?> ReadAsync(string id, CancellationToken cancellationToken)
    {
        var request = new MetricsRequest { Filters = { FilterSyntax.Equal("id", id) } };
        var reply = await _client.Scope.CallAsync(
            new Attempt($"read what container '{id}' uses", ResourceKind.Task, id), o => _tasks.MetricsAsync(request, o), cancellationToken, Limit())
            .ConfigureAwait(false);
        var metric = reply.Metrics.FirstOrDefault(m => m.Id == id && m.Data is not null);
        var stats = metric is null ? null : WithHost(new StatsDecoder(_client.Session, _client.Namespace).Decode(metric));
        if (stats is not null && stats.Pids != 0)
            return stats;

        // The server leaves out whom it cannot ask, and says not why; what has stopped may still have counters (cgroup v1).
        var task = await _client.Tasks.GetAsync(id, cancellationToken).ConfigureAwait(false);
        return task.State switch
        {
            TaskState.Stopped => throw new FailedPreconditionException($"Container '{id}' has stopped: it uses nothing any more."),
            TaskState.Unknown => throw new TimeoutException($"Cannot read what container '{id}' uses: its shim does not answer."),
            _ => stats,
        };
    }

    /// <summary>A reading together with what follows from one before it.</summary>
    /// <param name="before">The earlier reading of the same container.</param>
    /// <param name="now">The later one.</param>
    /// <returns>The later one with CpuPercent: the processor's time between them over the time between them, as the server's clock has it.</returns>
    public static ContainerStats Since(ContainerStats before, ContainerStats now)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(now);
        var interval = now.Timestamp - before.Timestamp;
        if (interval <= TimeSpan.Zero)
            return now;

        // A container that was started again between the two counts from 0.
        var used = now.CpuTime >= before.CpuTime ? now.CpuTime - before.CpuTime : now.CpuTime;
        return now with { CpuPercent = 100.0 * used.Ticks / interval.Ticks, CpuInterval = interval };
    }

    private TimeSpan Limit()
    {
        var call = _client.Scope.Channel.Options.CallTimeout;
        return call < s_timeout ? call : s_timeout;
    }

    private ContainerStats WithHost(ContainerStats stats)
    {
        var total = _client.Session.IsLocal ? HostMemory.Total : null;
        var limit = stats.MemoryLimit is { } own && !(total < own) ? own : total;
        return limit is > 0 ? stats with { MemoryPercent = 100.0 * stats.MemoryUsage / limit.Value } : stats;
    }
}

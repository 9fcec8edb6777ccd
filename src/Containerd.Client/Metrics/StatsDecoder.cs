using Containerd.Client.Wire;
using Google.Protobuf;
using Cgroups1 = Containerd.Client.Wire.Cgroups1;
using Cgroups2 = Containerd.Client.Wire.Cgroups2;
using Hcs = Containerd.Client.Wire.Hcs;

namespace Containerd.Client.Metrics;

/// <summary>
/// Makes readings of the three kinds of metrics that runtimes give. The formulas for memory are those of docker and nerdctl: the
/// usage without the inactive file pages, which the kernel takes back before it lets a container run out of memory.
/// </summary>
internal sealed class StatsDecoder(Session session, string containerdNamespace)
{
    // "No limit" is the largest multiple of a page in 63 bits on cgroup v1, and the largest number of 64 bits on cgroup v2.
    private const ulong NoLimit = long.MaxValue - 65536;

    /// <summary>Decodes what a server says of a container.</summary>
    /// <param name="metric">What the server says.</param>
    /// <returns>The reading, without what takes two of them or the host.</returns>
    /// <exception cref="ContainerdException">The runtime gives metrics of a kind that this client does not know.</exception>
    public ContainerStats Decode(Wire.Types.Metric metric)
    {
        var time = metric.Timestamp.ToTime() ?? DateTimeOffset.UtcNow;
        try
        {
            if (AnyMessage.TryUnpack<Cgroups1.Metrics>(metric.Data, out var v1))
                return From(metric.Id, time, v1);
            if (AnyMessage.TryUnpack<Cgroups2.Metrics>(metric.Data, out var v2))
                return From(metric.Id, time, v2);
            if (AnyMessage.TryUnpack<Hcs.Statistics>(metric.Data, out var hcs))
            {
                if (hcs.ContainerCase == Hcs.Statistics.ContainerOneofCase.Linux)
                    return From(metric.Id, time, hcs.Linux);
                if (hcs.ContainerCase == Hcs.Statistics.ContainerOneofCase.Windows)
                    return From(metric.Id, time, hcs);
            }
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ContainerdException($"The metrics of container '{metric.Id}' are no {metric.Data?.TypeUrl}: {e.Message}", innerException: e);
        }

        throw new ContainerdException(
            $"The runtime of container '{metric.Id}' gives metrics of the type '{metric.Data?.TypeUrl}', which this version does not know.");
    }

    private ContainerStats From(string id, DateTimeOffset time, Cgroups1.Metrics m)
    {
        var usage = Number(m.Memory?.Usage?.Usage);
        var swap = m.Memory?.Swap;
        return new ContainerStats(() => MessageFields.Of(m))
        {
            Session = session,
            Namespace = containerdNamespace,
            Id = id,
            Timestamp = time,
            Source = StatsSource.CgroupV1,
            CpuTime = Nanoseconds(m.Cpu?.Usage?.Total),
            CpuUserTime = Nanoseconds(m.Cpu?.Usage?.User),
            CpuKernelTime = Nanoseconds(m.Cpu?.Usage?.Kernel),
            ThrottledPeriods = Number(m.Cpu?.Throttling?.ThrottledPeriods),
            ThrottledTime = Nanoseconds(m.Cpu?.Throttling?.ThrottledTime),
            MemoryUsage = Without(usage, Number(m.Memory?.TotalInactiveFile)),
            MemoryCharged = usage,
            MemoryLimit = Limit(m.Memory?.Usage?.Limit),
            MemoryPeak = m.Memory?.Usage is { } peak ? Number(peak.Max) : null,

            // Counted together with the memory, and not at all where the kernel is told not to.
            SwapUsage = swap is { Usage: > 0 } ? Math.Max(0, Number(swap.Usage) - usage) : null,
            OOMKills = m.MemoryOomControl is { } oom ? Number(oom.OomKill) : null,
            BlockRead = Sum(m.Blkio?.IoServiceBytesRecursive, "read"),
            BlockWritten = Sum(m.Blkio?.IoServiceBytesRecursive, "write"),
            BlockReadOperations = Sum(m.Blkio?.IoServicedRecursive, "read"),
            BlockWriteOperations = Sum(m.Blkio?.IoServicedRecursive, "write"),
            Pids = m.Pids is { } pids ? Number(pids.Current) : null,
            PidsLimit = Limit(m.Pids?.Limit),
        };
    }

    private ContainerStats From(string id, DateTimeOffset time, Cgroups2.Metrics m)
    {
        var usage = Number(m.Memory?.Usage);
        return new ContainerStats(() => MessageFields.Of(m))
        {
            Session = session,
            Namespace = containerdNamespace,
            Id = id,
            Timestamp = time,
            Source = StatsSource.CgroupV2,
            CpuTime = Microseconds(m.Cpu?.UsageUsec),
            CpuUserTime = Microseconds(m.Cpu?.UserUsec),
            CpuKernelTime = Microseconds(m.Cpu?.SystemUsec),
            ThrottledPeriods = Number(m.Cpu?.NrThrottled),
            ThrottledTime = Microseconds(m.Cpu?.ThrottledUsec),
            MemoryUsage = Without(usage, Number(m.Memory?.InactiveFile)),
            MemoryCharged = usage,
            MemoryLimit = Limit(m.Memory?.UsageLimit),

            // Told by kernels since 5.19, and passed on by containerd since 2.0: nothing is not 0 for a container that runs.
            MemoryPeak = m.Memory is { MaxUsage: > 0 } memory ? Number(memory.MaxUsage) : null,
            SwapUsage = m.Memory is { } swap ? Number(swap.SwapUsage) : null,
            OOMKills = m.MemoryEvents is { } events ? Number(events.OomKill) : null,
            BlockRead = m.Io?.Usage.Sum(e => Number(e.Rbytes)) ?? 0,
            BlockWritten = m.Io?.Usage.Sum(e => Number(e.Wbytes)) ?? 0,
            BlockReadOperations = m.Io?.Usage.Sum(e => Number(e.Rios)) ?? 0,
            BlockWriteOperations = m.Io?.Usage.Sum(e => Number(e.Wios)) ?? 0,
            Pids = m.Pids is { } pids ? Number(pids.Current) : null,
            PidsLimit = Limit(m.Pids?.Limit),
        };
    }

    private ContainerStats From(string id, DateTimeOffset time, Hcs.Statistics m)
    {
        var windows = m.Windows;
        return new ContainerStats(() => MessageFields.Of(m))
        {
            Session = session,
            Namespace = containerdNamespace,
            Id = id,

            // The counters' own time.
            Timestamp = windows.Timestamp.ToTime() ?? time,
            Source = StatsSource.Windows,
            CpuTime = Nanoseconds(windows.Processor?.TotalRuntimeNs),
            CpuUserTime = Nanoseconds(windows.Processor?.RuntimeUserNs),
            CpuKernelTime = Nanoseconds(windows.Processor?.RuntimeKernelNs),
            MemoryUsage = Number(windows.Memory?.MemoryUsagePrivateWorkingSetBytes),
            MemoryCharged = Number(windows.Memory?.MemoryUsageCommitBytes),
            MemoryPeak = windows.Memory is { } memory ? Number(memory.MemoryUsageCommitPeakBytes) : null,
            BlockRead = Number(windows.Storage?.ReadSizeBytes),
            BlockWritten = Number(windows.Storage?.WriteSizeBytes),
            BlockReadOperations = Number(windows.Storage?.ReadCountNormalized),
            BlockWriteOperations = Number(windows.Storage?.WriteCountNormalized),
        };
    }

    // Kernels write the operation with a capital, containerd as the kernel does. "Total" and "Sync" count the same bytes again.
    private static long Sum(IEnumerable<Cgroups1.BlkIOEntry>? entries, string operation) =>
        entries?.Where(e => string.Equals(e.Op, operation, StringComparison.OrdinalIgnoreCase)).Sum(e => Number(e.Value)) ?? 0;

    private static long Without(long usage, long inactive) => inactive < usage ? usage - inactive : usage;

    // 0 is cgroup v1's "max" for processes; a limit of nothing there is none.
    private static long? Limit(ulong? value) => value is null or 0 or >= NoLimit ? null : (long)value;

    private static long Number(ulong? value) => value switch
    {
        null => 0,
        > long.MaxValue => long.MaxValue,
        _ => (long)value,
    };

    private static TimeSpan Nanoseconds(ulong? value) => new(Number(value) / 100);

    private static TimeSpan Microseconds(ulong? value) => new(Math.Min(Number(value), long.MaxValue / 10) * 10);
}

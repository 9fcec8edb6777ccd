namespace Containerd;

/// <summary>What a container uses: processor, memory, disks, processes. Numbers are raw; the view makes them readable.</summary>
public sealed record ContainerStats : SessionObject
{
    private readonly Lazy<IReadOnlyDictionary<string, object?>> _data;

    /// <summary>Makes a reading.</summary>
    /// <param name="data">Gives the fields of the server's message when they are first looked at.</param>
    public ContainerStats(Func<IReadOnlyDictionary<string, object?>> data) => _data = new(data);

    /// <summary>The container's id.</summary>
    public required string Id { get; init; }

    /// <summary>When it was read (UTC, the server's clock).</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>Who counted.</summary>
    public required StatsSource Source { get; init; }

    /// <summary>
    /// The processor's time used since the reading before, in percent of one CPU: 100 is one CPU all the time, 250 two and a half. Null
    /// where there was no reading before.
    /// </summary>
    public double? CpuPercent { get; init; }

    /// <summary>The time that CpuPercent is about; null where there was no reading before.</summary>
    public TimeSpan? CpuInterval { get; init; }

    /// <summary>The processor's time used in all.</summary>
    public required TimeSpan CpuTime { get; init; }

    /// <summary>The part of CpuTime spent in the program.</summary>
    public TimeSpan CpuUserTime { get; init; }

    /// <summary>The part of CpuTime spent in the kernel.</summary>
    public TimeSpan CpuKernelTime { get; init; }

    /// <summary>How often the CPU limit stopped the container for the rest of a period.</summary>
    public long ThrottledPeriods { get; init; }

    /// <summary>How long the CPU limit stopped the container in all.</summary>
    public TimeSpan ThrottledTime { get; init; }

    /// <summary>
    /// The memory in use, in bytes, without the file cache that the kernel would give back first (the usage less the inactive file pages,
    /// as docker and nerdctl count). On Windows the private working set.
    /// </summary>
    public required long MemoryUsage { get; init; }

    /// <summary>The memory the container may use, in bytes; null where it has no limit.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>
    /// MemoryUsage in percent of the limit, or of the host's memory where there is no limit or a higher one. Null where there is no limit and
    /// the host's memory is not known, as that of another machine.
    /// </summary>
    public double? MemoryPercent { get; init; }

    /// <summary>The memory charged to the container with all file cache, in bytes. On Windows the committed memory.</summary>
    public long MemoryCharged { get; init; }

    /// <summary>The most that MemoryCharged ever was, in bytes; null where the kernel does not tell.</summary>
    public long? MemoryPeak { get; init; }

    /// <summary>The memory swapped out, in bytes; null where the kernel does not count it.</summary>
    public long? SwapUsage { get; init; }

    /// <summary>How many processes were killed because the container ran out of memory; null where the kernel does not tell.</summary>
    public long? OOMKills { get; init; }

    /// <summary>Bytes read from block devices; reads that the cache answered do not count.</summary>
    public long BlockRead { get; init; }

    /// <summary>Bytes written to block devices.</summary>
    public long BlockWritten { get; init; }

    /// <summary>The number of reads from block devices.</summary>
    public long BlockReadOperations { get; init; }

    /// <summary>The number of writes to block devices.</summary>
    public long BlockWriteOperations { get; init; }

    /// <summary>The number of processes and threads; null where nobody counts them, as on Windows.</summary>
    public long? Pids { get; init; }

    /// <summary>How many processes and threads there may be; null where there is no limit.</summary>
    public long? PidsLimit { get; init; }

    /// <summary>
    /// All fields of the server's message by their names, such as Data['Memory']['Rss'] or Data['Hugetlb'], for what has no property here.
    /// </summary>
    public IReadOnlyDictionary<string, object?> Data => _data.Value;

    /// <summary>The container's id.</summary>
    public override string ToString() => Id;
}

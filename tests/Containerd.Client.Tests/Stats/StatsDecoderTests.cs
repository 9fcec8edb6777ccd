using Containerd.Client.Metrics;
using Containerd.Client.Wire;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Cgroups1 = Containerd.Client.Wire.Cgroups1;
using Cgroups2 = Containerd.Client.Wire.Cgroups2;
using Hcs = Containerd.Client.Wire.Hcs;

namespace Containerd.Client.Tests.Stats;

/// <summary>Readings of hosts that a test machine may not be, from messages put together.</summary>
public sealed class StatsDecoderTests
{
    private static readonly Session s_session = new(1, "s", "unix:///x", "n", true);
    private static readonly DateTimeOffset s_time = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Cgroup_v2_counts_microseconds_and_bytes()
    {
        var stats = Decode(new Cgroups2.Metrics
        {
            Cpu = new() { UsageUsec = 5_000_000, UserUsec = 3_000_000, SystemUsec = 2_000_000, NrPeriods = 10, NrThrottled = 4, ThrottledUsec = 900 },
            Memory = new() { Usage = 1000, InactiveFile = 300, UsageLimit = 4000, MaxUsage = 2000, SwapUsage = 50, Anon = 600 },
            MemoryEvents = new() { Oom = 3, OomKill = 2 },
            Pids = new() { Current = 7, Limit = 100 },
            Io = new()
            {
                Usage =
                {
                    new Cgroups2.IOEntry { Rbytes = 10, Wbytes = 20, Rios = 1, Wios = 2 },
                    new Cgroups2.IOEntry { Rbytes = 100, Wbytes = 200, Rios = 3, Wios = 4 },
                },
            },
        });

        Assert.Equal((StatsSource.CgroupV2, "c", "n", s_time), (stats.Source, stats.Id, stats.Namespace, stats.Timestamp));
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2)), (stats.CpuTime, stats.CpuUserTime, stats.CpuKernelTime));
        Assert.Equal((4L, TimeSpan.FromMicroseconds(900)), (stats.ThrottledPeriods, stats.ThrottledTime));
        Assert.Equal((700L, 1000L, 4000L, 2000L, 50L), (stats.MemoryUsage, stats.MemoryCharged, stats.MemoryLimit, stats.MemoryPeak, stats.SwapUsage));
        Assert.Equal((2L, 7L, 100L), (stats.OOMKills, stats.Pids, stats.PidsLimit));
        Assert.Equal((110L, 220L, 4L, 6L), (stats.BlockRead, stats.BlockWritten, stats.BlockReadOperations, stats.BlockWriteOperations));
        Assert.Equal(600ul, ((IReadOnlyDictionary<string, object?>)stats.Data["Memory"]!)["Anon"]);
    }

    [Fact]
    public void Cgroup_v1_counts_nanoseconds_and_swap_together_with_memory()
    {
        var stats = Decode(new Cgroups1.Metrics
        {
            Cpu = new()
            {
                Usage = new() { Total = 5_000_000_000, User = 3_000_000_000, Kernel = 2_000_000_000 },
                Throttling = new() { Periods = 9, ThrottledPeriods = 4, ThrottledTime = 900_000 },
            },
            Memory = new() { TotalInactiveFile = 300, InactiveFile = 1, Usage = new() { Usage = 1000, Limit = 4000, Max = 2000 }, Swap = new() { Usage = 1050 } },
            MemoryOomControl = new() { OomKill = 2 },
            Pids = new() { Current = 7, Limit = 100 },
            Blkio = new()
            {
                IoServiceBytesRecursive = { Entry("Read", 10), Entry("Write", 20), Entry("Sync", 30), Entry("Total", 30), Entry("read", 100), Entry("write", 200) },
                IoServicedRecursive = { Entry("Read", 1), Entry("Write", 2), Entry("Total", 3) },
            },
        });

        Assert.Equal(StatsSource.CgroupV1, stats.Source);
        Assert.Equal((TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2)), (stats.CpuTime, stats.CpuUserTime, stats.CpuKernelTime));
        Assert.Equal((4L, TimeSpan.FromMicroseconds(900)), (stats.ThrottledPeriods, stats.ThrottledTime));
        Assert.Equal((700L, 1000L, 4000L, 2000L, 50L), (stats.MemoryUsage, stats.MemoryCharged, stats.MemoryLimit, stats.MemoryPeak, stats.SwapUsage));
        Assert.Equal((2L, 7L, 100L), (stats.OOMKills, stats.Pids, stats.PidsLimit));
        Assert.Equal((110L, 220L, 1L, 2L), (stats.BlockRead, stats.BlockWritten, stats.BlockReadOperations, stats.BlockWriteOperations));
    }

    [Fact]
    public void Windows_counts_nanoseconds_the_private_working_set_and_its_own_time()
    {
        var stats = Decode(new Hcs.Statistics
        {
            Windows = new()
            {
                Timestamp = Timestamp.FromDateTimeOffset(s_time.AddSeconds(-1)),
                Processor = new() { TotalRuntimeNs = 3_000_000_000, RuntimeUserNs = 2_000_000_000, RuntimeKernelNs = 1_000_000_000 },
                Memory = new() { MemoryUsageCommitBytes = 1000, MemoryUsageCommitPeakBytes = 2000, MemoryUsagePrivateWorkingSetBytes = 700 },
                Storage = new() { ReadCountNormalized = 1, ReadSizeBytes = 10, WriteCountNormalized = 2, WriteSizeBytes = 20 },
            },
        });

        Assert.Equal((StatsSource.Windows, s_time.AddSeconds(-1)), (stats.Source, stats.Timestamp));
        Assert.Equal((TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(1)), (stats.CpuTime, stats.CpuUserTime, stats.CpuKernelTime));
        Assert.Equal((700L, 1000L, null, 2000L), (stats.MemoryUsage, stats.MemoryCharged, stats.MemoryLimit, stats.MemoryPeak));
        Assert.Equal((10L, 20L, 1L, 2L, null), (stats.BlockRead, stats.BlockWritten, stats.BlockReadOperations, stats.BlockWriteOperations, stats.Pids));
    }

    [Fact]
    public void A_linux_container_on_windows_has_cgroup_v1_numbers()
    {
        var stats = Decode(new Hcs.Statistics { Linux = new() { Pids = new() { Current = 3 } } });
        Assert.Equal((StatsSource.CgroupV1, 3L), (stats.Source, stats.Pids));
    }

    [Theory]
    [InlineData(9223372036854771712ul)]
    [InlineData(ulong.MaxValue)]
    [InlineData(0ul)]
    public void No_limit_is_no_number(ulong limit)
    {
        var v1 = Decode(new Cgroups1.Metrics { Memory = new() { Usage = new() { Usage = 1, Limit = limit } }, Pids = new() { Current = 1, Limit = limit } });
        var v2 = Decode(new Cgroups2.Metrics { Memory = new() { Usage = 1, UsageLimit = limit }, Pids = new() { Current = 1, Limit = limit } });
        Assert.Equal((null, null, null, null), (v1.MemoryLimit, v1.PidsLimit, v2.MemoryLimit, v2.PidsLimit));
    }

    [Fact]
    public void What_a_kernel_does_not_count_is_empty_and_never_negative()
    {
        var bare = Decode(new Cgroups1.Metrics { Memory = new() { TotalInactiveFile = 500, Usage = new() { Usage = 300 } } });
        Assert.Equal((300L, null, null, null), (bare.MemoryUsage, bare.SwapUsage, bare.OOMKills, bare.Pids));
        Assert.Equal((TimeSpan.Zero, 0L), (bare.CpuTime, bare.BlockRead));
        Assert.Equal(0, Decode(new Cgroups2.Metrics()).MemoryUsage);
    }

    [Fact]
    public void T24_a_type_is_known_with_and_without_a_prefix_and_others_are_named_in_the_error()
    {
        var metric = Metric(new Cgroups2.Metrics { Pids = new() { Current = 2 } });
        metric.Data.TypeUrl = "type.googleapis.com/" + metric.Data.TypeUrl;
        Assert.Equal(2, new StatsDecoder(s_session, "n").Decode(metric).Pids);

        metric.Data.TypeUrl = "example.test.Metrics";
        Assert.Contains("example.test.Metrics", Assert.Throws<ContainerdException>(() => new StatsDecoder(s_session, "n").Decode(metric)).Message, StringComparison.Ordinal);

        metric.Data = new Any { TypeUrl = "io.containerd.cgroups.v1.Metrics", Value = ByteString.CopyFrom(0x0a, 0xff) };
        Assert.Throws<ContainerdException>(() => new StatsDecoder(s_session, "n").Decode(metric));
    }

    [Fact]
    public void The_processors_percentage_is_its_time_over_the_servers_time()
    {
        var before = Decode(new Cgroups2.Metrics { Cpu = new() { UsageUsec = 1_000_000 } });
        var after = before with { Timestamp = s_time.AddSeconds(2), CpuTime = TimeSpan.FromSeconds(4) };
        Assert.Null(before.CpuPercent);
        Assert.Equal((150.0, TimeSpan.FromSeconds(2)), (StatsService.Since(before, after).CpuPercent, StatsService.Since(before, after).CpuInterval));

        // Started again in between, and read twice at the same instant.
        Assert.Equal(25.0, StatsService.Since(before, after with { CpuTime = TimeSpan.FromSeconds(0.5) }).CpuPercent);
        Assert.Null(StatsService.Since(before, after with { Timestamp = s_time }).CpuPercent);
    }

    private static Cgroups1.BlkIOEntry Entry(string operation, ulong value) => new() { Op = operation, Value = value };

    private static Containerd.Client.Wire.Types.Metric Metric(IMessage data) =>
        new() { Id = "c", Timestamp = Timestamp.FromDateTimeOffset(s_time), Data = AnyMessage.Pack(data) };

    private static ContainerStats Decode(IMessage data) => new StatsDecoder(s_session, "n").Decode(Metric(data));
}

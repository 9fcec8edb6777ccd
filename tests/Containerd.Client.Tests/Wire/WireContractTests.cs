using Containerd.Client.Wire.Cgroups2;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;
using Cgroup2Metrics = Containerd.Client.Wire.Cgroups2.Metrics;
using Hcs = Containerd.Client.Wire.Hcs;
using Runc = Containerd.Client.Wire.Runc;
using Runhcs = Containerd.Client.Wire.Runhcs;
using RuntimeOptions = Containerd.Client.Wire.RuntimeOptions;
using Streaming = Containerd.Client.Wire.Streaming;
using Transfer = Containerd.Client.Wire.Transfer;
using Types = Containerd.Client.Wire.Types;
using WireEvents = Containerd.Client.Wire.Events;
using WireImages = Containerd.Client.Wire.Images;
using WireTasks = Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tests.Wire;

/// <summary>
/// Messages of hosts that a test machine may not be (cgroup v2, Windows), read from bytes put together by field number:
/// a round trip through the generated code alone would not see a wrong number.
/// </summary>
public sealed class WireContractTests
{
    [Fact]
    public void Metrics_of_cgroup_v2_are_read_by_the_wires_numbers()
    {
        var pressure = new WireBytes().Double(1, 1.5).Double(2, 2.5).Double(3, 3.5).Number(4, 77);
        var bytes = new WireBytes()
            .Message(1, new WireBytes().Number(1, 3).Number(2, 100))
            .Message(2, new WireBytes().Number(1, 5_000).Number(2, 3_000).Number(3, 2_000).Number(4, 10).Number(5, 4).Number(6, 900)
                .Message(7, new WireBytes().Message(1, pressure)))
            .Message(4, new WireBytes().Number(13, 4096).Number(32, 1 << 20).Number(33, ulong.MaxValue).Number(34, 8).Number(36, 1 << 21))
            .Message(6, new WireBytes().Message(1, new WireBytes().Number(1, 8).Number(2, 16).Number(3, 111).Number(4, 222).Number(5, 1).Number(6, 2)))
            .Message(7, new WireBytes().Number(1, 1).Number(2, 2).Text(3, "2MB").Number(4, 4))
            .Message(8, new WireBytes().Number(4, 2).Number(5, 1));

        var metrics = Cgroup2Metrics.Parser.ParseFrom(bytes.ToArray());

        Assert.Equal((3ul, 100ul), (metrics.Pids.Current, metrics.Pids.Limit));
        Assert.Equal((5_000ul, 3_000ul, 2_000ul), (metrics.Cpu.UsageUsec, metrics.Cpu.UserUsec, metrics.Cpu.SystemUsec));
        Assert.Equal((10ul, 4ul, 900ul), (metrics.Cpu.NrPeriods, metrics.Cpu.NrThrottled, metrics.Cpu.ThrottledUsec));
        Assert.Equal(new PSIData { Avg10 = 1.5, Avg60 = 2.5, Avg300 = 3.5, Total = 77 }, metrics.Cpu.Psi.Some);
        Assert.Equal((1ul << 20, ulong.MaxValue, 4096ul), (metrics.Memory.Usage, metrics.Memory.UsageLimit, metrics.Memory.InactiveFile));
        Assert.Equal((8ul, 1ul << 21), (metrics.Memory.SwapUsage, metrics.Memory.MaxUsage));
        var io = Assert.Single(metrics.Io.Usage);
        Assert.Equal((8ul, 16ul, 111ul, 222ul, 1ul, 2ul), (io.Major, io.Minor, io.Rbytes, io.Wbytes, io.Rios, io.Wios));
        Assert.Equal(new HugeTlbStat { Current = 1, Max = 2, Pagesize = "2MB", Failcnt = 4 }, Assert.Single(metrics.Hugetlb));
        Assert.Equal((2ul, 1ul), (metrics.MemoryEvents.Oom, metrics.MemoryEvents.OomKill));
        AssertNothingUnknown(metrics, bytes);
    }

    [Fact]
    public void Metrics_of_a_windows_container_in_a_virtual_machine_are_read_by_the_wires_numbers()
    {
        var bytes = new WireBytes()
            .Message(1, new WireBytes()
                .Message(1, new WireBytes().Number(1, 1_700_000_000))
                .Message(2, new WireBytes().Number(1, 1_600_000_000))
                .Number(3, 60)
                .Message(4, new WireBytes().Number(1, 30).Number(2, 20).Number(3, 10))
                .Message(5, new WireBytes().Number(1, 1).Number(2, 2).Number(3, 3))
                .Message(6, new WireBytes().Number(1, 4).Number(2, 5).Number(3, 6).Number(4, 7)))
            .Message(3, new WireBytes()
                .Message(1, new WireBytes().Number(1, 99))
                .Message(2, new WireBytes().Number(1, 512).Number(2, 1).Message(3, new WireBytes().Number(4, 1024).Number(6, 1))));

        var statistics = Hcs.Statistics.Parser.ParseFrom(bytes.ToArray());

        Assert.Equal(Hcs.Statistics.ContainerOneofCase.Windows, statistics.ContainerCase);
        var windows = statistics.Windows;
        Assert.Equal((1_700_000_000L, 1_600_000_000L, 60ul), (windows.Timestamp.Seconds, windows.ContainerStartTime.Seconds, windows.UptimeNs));
        Assert.Equal((30ul, 20ul, 10ul), (windows.Processor.TotalRuntimeNs, windows.Processor.RuntimeUserNs, windows.Processor.RuntimeKernelNs));
        Assert.Equal(1ul, windows.Memory.MemoryUsageCommitBytes);
        Assert.Equal(2ul, windows.Memory.MemoryUsageCommitPeakBytes);
        Assert.Equal(3ul, windows.Memory.MemoryUsagePrivateWorkingSetBytes);
        Assert.Equal((4ul, 5ul), (windows.Storage.ReadCountNormalized, windows.Storage.ReadSizeBytes));
        Assert.Equal((6ul, 7ul), (windows.Storage.WriteCountNormalized, windows.Storage.WriteSizeBytes));
        Assert.Equal((99ul, 512ul), (statistics.Vm.Processor.TotalRuntimeNs, statistics.Vm.Memory.WorkingSetBytes));
        Assert.True(statistics.Vm.Memory.VmMemory.BalancingEnabled);
        AssertNothingUnknown(statistics, bytes);
    }

    [Fact]
    public void Metrics_of_a_linux_container_on_windows_are_those_of_cgroup_v1()
    {
        var bytes = new WireBytes().Message(2, new WireBytes()
            .Message(3, new WireBytes().Message(1, new WireBytes().Number(1, 123)))
            .Message(4, new WireBytes().Number(30, 7).Message(33, new WireBytes().Number(1, 9).Number(2, 8))));

        var statistics = Hcs.Statistics.Parser.ParseFrom(bytes.ToArray());

        Assert.Equal(Hcs.Statistics.ContainerOneofCase.Linux, statistics.ContainerCase);
        Assert.Equal(123ul, statistics.Linux.Cpu.Usage.Total);
        Assert.Equal((9ul, 8ul), (statistics.Linux.Memory.Usage.Limit, statistics.Linux.Memory.Usage.Usage));
        Assert.Equal(7ul, statistics.Linux.Memory.TotalInactiveFile);
        AssertNothingUnknown(statistics, bytes);
    }

    [Fact]
    public void A_windows_process_is_read_by_the_wires_numbers()
    {
        var bytes = new WireBytes().Text(1, "cmd.exe").Message(2, new WireBytes().Number(1, 5)).Number(3, 10_000_000).Number(4, 1).Number(5, 2)
            .Number(6, 3).Number(7, 4321).Number(8, 20_000_000).Text(9, "shell");

        var process = Runhcs.ProcessDetails.Parser.ParseFrom(bytes.ToArray());

        Assert.Equal(("cmd.exe", 4321u, "shell", 5L), (process.ImageName, process.ProcessId, process.ExecId, process.CreatedAt.Seconds));
        Assert.Equal((10_000_000ul, 20_000_000ul), (process.KernelTime100Ns, process.UserTime100Ns));
        Assert.Equal(1ul, process.MemoryCommitBytes);
        Assert.Equal(2ul, process.MemoryWorkingSetPrivateBytes);
        Assert.Equal(3ul, process.MemoryWorkingSetSharedBytes);
        AssertNothingUnknown(process, bytes);
    }

    [Fact]
    public void The_renamed_descriptor_has_the_wires_numbers()
    {
        var bytes = new WireBytes().Text(1, "application/vnd.oci.image.index.v1+json").Text(2, "sha256:00").Number(3, 42)
            .Message(5, new WireBytes().Text(1, "key").Text(2, "value"));

        var descriptor = Types.ContentDescriptor.Parser.ParseFrom(bytes.ToArray());

        Assert.Equal("application/vnd.oci.image.index.v1+json", descriptor.MediaType);
        Assert.Equal(("sha256:00", 42L, "value"), (descriptor.Digest, descriptor.Size, descriptor.Annotations["key"]));
        AssertNothingUnknown(descriptor, bytes);
    }

    [Fact]
    public void T24_what_travels_in_an_Any_is_called_as_the_server_calls_it()
    {
        Dictionary<string, MessageDescriptor> expected = new()
        {
            ["containerd.runc.v1.Options"] = Runc.Options.Descriptor,
            ["containerd.runc.v1.CheckpointOptions"] = Runc.CheckpointOptions.Descriptor,
            ["containerd.runc.v1.ProcessDetails"] = Runc.ProcessDetails.Descriptor,
            ["containerd.runhcs.v1.Options"] = Runhcs.Options.Descriptor,
            ["containerd.runhcs.v1.ProcessDetails"] = Runhcs.ProcessDetails.Descriptor,
            ["containerd.runhcs.stats.v1.Statistics"] = Hcs.Statistics.Descriptor,
            ["runtimeoptions.v1.Options"] = RuntimeOptions.Options.Descriptor,
            ["io.containerd.cgroups.v1.Metrics"] = Client.Wire.Cgroups1.Metrics.Descriptor,
            ["io.containerd.cgroups.v2.Metrics"] = Cgroup2Metrics.Descriptor,
            ["containerd.events.TaskExit"] = WireEvents.TaskExit.Descriptor,
            ["containerd.events.TaskOOM"] = WireEvents.TaskOOM.Descriptor,
            ["containerd.events.SnapshotPrepare"] = WireEvents.SnapshotPrepare.Descriptor,
            ["containerd.services.images.v1.ImageCreate"] = WireImages.ImageCreate.Descriptor,
            ["containerd.services.streaming.v1.StreamInit"] = Streaming.StreamInit.Descriptor,
            ["containerd.types.transfer.OCIRegistry"] = Transfer.OCIRegistry.Descriptor,
            ["containerd.types.transfer.ImageStore"] = Transfer.ImageStore.Descriptor,
            ["containerd.types.transfer.ImageImportStream"] = Transfer.ImageImportStream.Descriptor,
            ["containerd.types.transfer.ImageExportStream"] = Transfer.ImageExportStream.Descriptor,
            ["containerd.types.transfer.Data"] = Transfer.Data.Descriptor,
            ["containerd.types.transfer.WindowUpdate"] = Transfer.WindowUpdate.Descriptor,
            ["containerd.types.transfer.Progress"] = Transfer.Progress.Descriptor,
            ["containerd.types.transfer.AuthRequest"] = Transfer.AuthRequest.Descriptor,
            ["containerd.types.transfer.AuthResponse"] = Transfer.AuthResponse.Descriptor,
        };

        Assert.All(expected, pair => Assert.Equal(pair.Key, pair.Value.FullName));
    }

    [Fact]
    public void A_field_newer_than_this_contract_survives_being_read_and_written()
    {
        var bytes = new WireBytes().Text(1, "web").Number(500, 1);

        var request = WireTasks.StartRequest.Parser.ParseFrom(bytes.ToArray());

        Assert.Equal("web", request.ContainerId);
        Assert.Equal(bytes.ToArray(), request.ToByteArray());
    }

    /// <summary>A field under a number the contract lacks would survive as unknown, so drop unknown ones and compare.</summary>
    private static void AssertNothingUnknown(IMessage message, WireBytes bytes)
    {
        var known = message.Descriptor.Parser.WithDiscardUnknownFields(true).ParseFrom(bytes.ToArray());
        Assert.Equal(bytes.ToArray(), known.ToByteArray());
    }
}

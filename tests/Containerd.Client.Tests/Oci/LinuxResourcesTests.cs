using System.Text;
using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Limits as JSON, for a new spec and for a live update.</summary>
public sealed class LinuxResourcesTests
{
    private static readonly LinuxResources Everything = new()
    {
        Memory = 268435456,
        MemorySwap = 536870912,
        MemoryReservation = 1048576,
        Cpu = 1.5,
        CpuShares = 512,
        CpusetCpus = "0-2,5",
        CpusetMems = "0",
        PidsLimit = 100,
        BlkioWeight = 300,
    };

    [Fact]
    public void What_is_set_is_written_and_nothing_else()
    {
        Assert.Equal("{}", Json(new LinuxResources()));
        Assert.Equal("""{"memory":{"limit":1}}""", Json(new LinuxResources { Memory = 1 }));
        Assert.Equal("""{"cpu":{"quota":1000,"period":100000}}""", Json(new LinuxResources { Cpu = 0.01 }));
        Assert.Equal("""{"memory":{"limit":268435456,"swap":536870912,"reservation":1048576},"cpu":{"shares":512,"quota":150000,"period":100000,"cpus":"0-2,5","mems":"0"},"pids":{"limit":100},"blockIO":{"weight":300}}""",
            Json(Everything));
    }

    [Fact]
    public void Minus_one_lifts_a_limit() =>
        Assert.Equal("""{"memory":{"limit":-1,"swap":-1},"cpu":{"quota":-1,"period":100000},"pids":{"limit":-1}}""",
            Json(new LinuxResources { Memory = -1, MemorySwap = -1, Cpu = -1, PidsLimit = -1 }));

    [Fact]
    public void Merging_keeps_what_the_spec_has_besides()
    {
        var spec = RuntimeSpec.Parse("""{"linux":{"resources":{"devices":[{"allow":false}],"memory":{"limit":5,"swappiness":60},"cpu":{"cpus":"1"},"unified":{"x":"y"}}}}""");

        new LinuxResources { Memory = 7, Cpu = 2 }.MergeInto(spec);

        Assert.Equal("""{"linux":{"resources":{"devices":[{"allow":false}],"memory":{"limit":7,"swappiness":60},"cpu":{"cpus":"1","quota":200000,"period":100000},"unified":{"x":"y"}}}}""",
            Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
    }

    [Fact]
    public void Merging_into_an_empty_spec_makes_the_sections_and_nothing_makes_none()
    {
        var spec = RuntimeSpec.Parse("{}");

        new LinuxResources().MergeInto(spec);
        Assert.Equal("{}", Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
        Everything.MergeInto(spec);

        Assert.Equal(Everything, spec.Resources);
        Assert.Equal("Spec", Assert.Throws<InvalidArgumentException>(() => Everything.MergeInto(RuntimeSpec.Parse("{\"windows\":{}}"))).Parameter);
    }

    [Fact]
    public void What_is_out_of_range_names_its_parameter()
    {
        Bad("Memory", new() { Memory = 0 });
        Bad("Memory", new() { Memory = -2 });
        Bad("MemorySwap", new() { Memory = 10, MemorySwap = 5 });
        Bad("MemorySwap", new() { Memory = -1, MemorySwap = 5 });
        Bad("MemoryReservation", new() { Memory = 10, MemoryReservation = 11 });
        Bad("Cpu", new() { Cpu = 0 });
        Bad("Cpu", new() { Cpu = 0.009 });
        Bad("Cpu", new() { Cpu = double.NaN });
        Bad("Cpu", new() { Cpu = double.PositiveInfinity });
        Bad("CpuShares", new() { CpuShares = 1 });
        Bad("CpuShares", new() { CpuShares = 262145 });
        Bad("BlkioWeight", new() { BlkioWeight = 9 });
        Bad("BlkioWeight", new() { BlkioWeight = 1001 });
        Bad("PidsLimit", new() { PidsLimit = 0 });
        foreach (string list in new[] { "", "a", "1-", "-1", "3-2", "1,,2", "0 1", "1-2-3", "99999999999" })
        {
            Bad("CpusetCpus", new() { CpusetCpus = list });
            Bad("CpusetMems", new() { CpusetMems = list });
        }

        static void Bad(string parameter, LinuxResources limits) =>
            Assert.Equal(parameter, Assert.Throws<InvalidArgumentException>(() => limits.ToUtf8Bytes()).Parameter);
    }

    [Fact]
    public void Limits_that_are_written_read_back_the_same() =>
        Gen.Select(Gen.Long[1, long.MaxValue].Nullable(), Gen.Int[1, 10_000].Nullable(), Gen.Long[2, 262_144].Nullable(), Gen.Long[1, 1 << 22].Nullable(), Gen.Int[10, 1000].Nullable())
            .Sample((memory, centiCpu, shares, pids, weight) =>
            {
                var limits = new LinuxResources { Memory = memory, Cpu = centiCpu / 100.0, CpuShares = shares, PidsLimit = pids, BlkioWeight = weight };
                var spec = RuntimeSpec.Parse("{}");
                limits.MergeInto(spec);
                return RuntimeSpec.Parse(spec.ToUtf8Bytes()).Resources == limits;
            });

    private static string Json(LinuxResources limits) => Encoding.UTF8.GetString(limits.ToUtf8Bytes());
}

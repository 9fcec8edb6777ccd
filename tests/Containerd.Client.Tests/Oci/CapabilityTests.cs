using Containerd.Client.Oci;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Capabilities that users add and drop.</summary>
public sealed class CapabilityTests
{
    [Theory]
    [InlineData("net_admin", "CAP_NET_ADMIN")]
    [InlineData("CAP_NET_ADMIN", "CAP_NET_ADMIN")]
    [InlineData("cap_sys_ptrace", "CAP_SYS_PTRACE")]
    [InlineData(" Bpf ", "CAP_BPF")]
    public void A_name_is_taken_with_or_without_its_prefix_in_any_case(string text, string name) => Assert.Equal(name, Capability.Parse(text));

    [Fact]
    public void The_list_is_the_kernels()
    {
        Assert.Equal(41, Capability.All.Count);
        Assert.Equal(41, Capability.All.Distinct().Count());
        Assert.Equal("CAP_CHOWN", Capability.All[0]);
        Assert.Equal("CAP_SYS_ADMIN", Capability.All[21]);
        Assert.Equal("CAP_CHECKPOINT_RESTORE", Capability.All[40]);
        Assert.Subset(Capability.All.ToHashSet(), Capability.Default.ToHashSet());
        Assert.Equal(14, Capability.Default.Count);
    }

    [Fact]
    public void Adding_and_dropping_change_the_default_set()
    {
        Assert.Equal(Capability.Default, Apply([], []));
        Assert.Equal([.. Capability.Default.Skip(1), "CAP_SYS_ADMIN"], Apply(["sys_admin"], ["chown"]));
        Assert.Equal(Capability.Default, Apply(["CHOWN"], []));
        Assert.Equal(Capability.All, Apply(["ALL"], []));
        Assert.Equal(Capability.All.Where(name => name != "CAP_SYS_ADMIN"), Apply(["all"], ["SYS_ADMIN"]));
        Assert.Empty(Apply([], ["ALL"]));
        Assert.Equal(["CAP_NET_BIND_SERVICE"], Apply(["NET_BIND_SERVICE"], ["cap_all"]));
    }

    [Theory]
    [InlineData("ROOT", "KILL", "CapAdd")]
    [InlineData("KILL", "CAP_", "CapDrop")]
    [InlineData("", "KILL", "CapAdd")]
    [InlineData("ALL", "ALL", "CapDrop")]
    public void What_is_no_capability_is_an_error_of_its_parameter(string add, string drop, string parameter)
    {
        var error = Assert.Throws<InvalidArgumentException>(() => Apply([add], [drop]));

        Assert.Equal(parameter, error.Parameter);
        Assert.True(error.Message.Length < 160, error.Message);
    }

    private static IReadOnlyList<string> Apply(string[] add, string[] drop) => Capability.Apply(Capability.Default, add, drop);
}

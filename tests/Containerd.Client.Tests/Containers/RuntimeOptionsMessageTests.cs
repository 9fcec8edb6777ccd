using Containerd.Client.Containers;
using Containerd.Client.Wire;
using Xunit;
using OtherRuntimes = Containerd.Client.Wire.RuntimeOptions;
using Runc = Containerd.Client.Wire.Runc;
using Runhcs = Containerd.Client.Wire.Runhcs;

namespace Containerd.Client.Tests.Containers;

public sealed class RuntimeOptionsMessageTests
{
    [Fact]
    public void Options_of_runc_are_typed_whatever_way_their_names_are_written()
    {
        var any = RuntimeOptionsMessage.Pack("io.containerd.runc.v2", new Dictionary<string, object?>
        {
            ["BinaryName"] = "/usr/bin/crun",
            ["systemd_cgroup"] = true,
            ["IOUID"] = 1000,
            ["no_pivot_root"] = "true",
            ["Root"] = null,
        });
        Assert.True(AnyMessage.TryUnpack<Runc.Options>(any, out var options));
        Assert.Equal(new Runc.Options { BinaryName = "/usr/bin/crun", SystemdCgroup = true, IoUid = 1000, NoPivotRoot = true }, options);
    }

    [Fact]
    public void T24_the_type_is_named_without_a_prefix() => Assert.Equal(
        "containerd.runc.v1.Options", RuntimeOptionsMessage.Pack("io.containerd.runc.v2", new Dictionary<string, object?> { ["Root"] = "/r" })!.TypeUrl);

    [Fact]
    public void Options_of_other_runtimes_are_a_file_or_a_text_for_the_shim_to_read()
    {
        var any = RuntimeOptionsMessage.Pack("io.containerd.kata.v2", new Dictionary<string, object?> { ["ConfigPath"] = "/etc/kata.toml", ["ConfigBody"] = "x = 1" });
        Assert.True(AnyMessage.TryUnpack<OtherRuntimes.Options>(any, out var options));
        Assert.Equal(("/etc/kata.toml", "x = 1"), (options.ConfigPath, options.ConfigBody.ToStringUtf8()));
    }

    [Fact]
    public void Options_of_Windows_know_their_enums_by_name()
    {
        var any = RuntimeOptionsMessage.Pack("io.containerd.runhcs.v1", new Dictionary<string, object?> { ["SandboxIsolation"] = "hypervisor", ["VmMemorySizeInMb"] = 512 });
        Assert.True(AnyMessage.TryUnpack<Runhcs.Options>(any, out var options));
        Assert.Equal((Runhcs.Options.Types.SandboxIsolation.Hypervisor, 512), (options.SandboxIsolation, options.VmMemorySizeInMb));
    }

    [Fact]
    public void No_options_are_no_message() => Assert.Null(RuntimeOptionsMessage.Pack("io.containerd.runc.v2", new Dictionary<string, object?>()));

    [Theory]
    [InlineData("Binary", "x", "BinaryName")]
    [InlineData("SystemdCgroup", "perhaps", "bool")]
    [InlineData("IoUid", -1, "uint32")]
    public void An_option_that_is_none_or_does_not_fit_says_so(string name, object value, string inMessage)
    {
        var error = Assert.Throws<InvalidArgumentException>(() =>
            RuntimeOptionsMessage.Pack("io.containerd.runc.v2", new Dictionary<string, object?> { [name] = value }));
        Assert.Equal("RuntimeOptions", error.Parameter);
        Assert.Contains(inMessage, error.Message, StringComparison.Ordinal);
    }
}

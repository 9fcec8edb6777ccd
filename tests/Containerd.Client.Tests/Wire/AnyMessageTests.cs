using Containerd.Client.Wire;
using Containerd.Client.Wire.Runc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Containerd.Client.Tests.Wire;

public class AnyMessageTests
{
    [Fact]
    public void T24_what_is_packed_names_its_type_without_a_prefix()
    {
        Assert.Equal("containerd.runc.v1.Options", AnyMessage.Pack(new Options { BinaryName = "crun" }).TypeUrl);
    }

    [Theory]
    [InlineData("containerd.runc.v1.Options")]
    [InlineData("type.googleapis.com/containerd.runc.v1.Options")]
    [InlineData("/containerd.runc.v1.Options")]
    public void T24_either_form_of_the_type_is_read(string typeUrl)
    {
        var any = new Any { TypeUrl = typeUrl, Value = new Options { BinaryName = "crun" }.ToByteString() };

        Assert.True(AnyMessage.TryUnpack<Options>(any, out var options));
        Assert.Equal("crun", options.BinaryName);
        Assert.False(AnyMessage.TryUnpack<CheckpointOptions>(any, out _));
    }

    [Fact]
    public void Nothing_is_in_no_any()
    {
        Assert.False(AnyMessage.Is<Options>(null));
        Assert.False(AnyMessage.TryUnpack<Options>(null, out var options));
        Assert.Null(options);
    }

    [Fact]
    public void A_type_that_only_Go_knows_keeps_its_whole_name() =>
        Assert.Equal(TypeUrls.Spec, AnyMessage.TypeName(AnyMessage.PackJson(TypeUrls.Spec, "{}"u8)));

    [Fact]
    public void The_year_1_is_no_time()
    {
        Assert.Null(((Timestamp?)null).ToTime());
        Assert.Null(new Timestamp { Seconds = -62135596800 }.ToTime());
        Assert.Equal(DateTimeOffset.UnixEpoch.AddTicks(3), new Timestamp { Nanos = 399 }.ToTime());
    }
}

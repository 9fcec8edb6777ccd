using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Mounts as people type them.</summary>
public sealed class MountSpecTests
{
    [Theory]
    [InlineData("/host:/ctr", "bind", "/host", "/ctr", "rbind,rprivate")]
    [InlineData("/host:/ctr:ro", "bind", "/host", "/ctr", "rbind,rprivate,ro")]
    [InlineData("/host:/ctr:rw", "bind", "/host", "/ctr", "rbind,rprivate")]
    [InlineData("/host:/ctr:rshared", "bind", "/host", "/ctr", "rbind,rshared")]
    [InlineData("/host:/ctr:bind,ro,nosuid", "bind", "/host", "/ctr", "rprivate,bind,ro,nosuid")]
    [InlineData("/a=b:/ctr", "bind", "/a=b", "/ctr", "rbind,rprivate")]
    [InlineData("/host:/ctr///", "bind", "/host", "/ctr", "rbind,rprivate")]
    [InlineData("/host/:/ctr", "bind", "/host/", "/ctr", "rbind,rprivate")]
    [InlineData(@"C:\data:C:\inside", "bind", @"C:\data", @"C:\inside", "rbind,rprivate")]
    [InlineData(@"C:\data:/inside:ro", "bind", @"C:\data", "/inside", "rbind,rprivate,ro")]
    [InlineData("type=bind,source=/a,destination=/b,readonly", "bind", "/a", "/b", "rbind,rprivate,ro")]
    [InlineData("type=bind,src=/a,dst=/b", "bind", "/a", "/b", "rbind,rprivate")]
    [InlineData("source=/a,target=/b,readonly=false", "bind", "/a", "/b", "rbind,rprivate")]
    [InlineData("TYPE=bind,Source=/a,target=/b,ro=1", "bind", "/a", "/b", "rbind,rprivate,ro")]
    [InlineData("type=bind,src=/a,dst=/b,options=rbind:ro", "bind", "/a", "/b", "rbind,ro")]
    [InlineData("type=bind,src=/a,dst=/b,options=ro", "bind", "/a", "/b", "rbind,ro")]
    [InlineData("type=bind,src=/a,dst=/b,options=rbind:rw,readonly", "bind", "/a", "/b", "rbind,ro")]
    [InlineData("type=bind,src=/a,dst=/b,bind-propagation=rslave,bind-nonrecursive", "bind", "/a", "/b", "bind,rslave")]
    [InlineData("type=bind,\"src=/a,b\",dst=/b", "bind", "/a,b", "/b", "rbind,rprivate")]
    [InlineData("type=bind,\"src=/say \"\"hi\"\"\",dst=/b", "bind", "/say \"hi\"", "/b", "rbind,rprivate")]
    [InlineData("type=tmpfs,dst=/t", "tmpfs", "tmpfs", "/t", "nosuid,nodev,noexec")]
    [InlineData("type=tmpfs,dst=/t,tmpfs-size=64m,tmpfs-mode=1777,ro", "tmpfs", "tmpfs", "/t", "nosuid,nodev,noexec,size=67108864,mode=1777,ro")]
    [InlineData("type=tmpfs,dst=/t,tmpfs-size=1GiB", "tmpfs", "tmpfs", "/t", "nosuid,nodev,noexec,size=1073741824")]
    [InlineData("type=tmpfs,dst=/t,options=size=65536k:exec", "tmpfs", "tmpfs", "/t", "size=65536k,exec")]
    [InlineData("type=mqueue,source=mqueue,dst=/q,options=nosuid", "mqueue", "mqueue", "/q", "nosuid")]
    public void What_people_type_is_understood(string text, string type, string source, string destination, string options)
    {
        var mount = MountSpec.Parse(text);

        Assert.Equal((type, source, destination, options), (mount.Type, mount.Source, mount.Destination, string.Join(',', mount.Options)));
    }

    [Theory]
    [InlineData("", "give type=bind")]
    [InlineData("   ", "give type=bind")]
    [InlineData("/only", "give /on/host:/in/container")]
    [InlineData("/a:/b:ro:x", "give /on/host:/in/container")]
    [InlineData("/a:/b:rx", "'rx' is no option")]
    [InlineData("/a:b", "no absolute path in the container")]
    [InlineData("/a:/b/../c", "no absolute path in the container")]
    [InlineData("/a:/", "over the container's root")]
    [InlineData("a/b:/c", "must be an absolute path on the daemon's host")]
    [InlineData("./a:/c", "must be an absolute path on the daemon's host")]
    [InlineData("data:/c", "no named volumes")]
    [InlineData("type=volume,source=data,dst=/c", "no named volumes")]
    [InlineData(":/c", "the source is missing")]
    [InlineData("type=bind,dst=/b", "the source is missing")]
    [InlineData("type=bind,src=/a", "the destination is missing")]
    [InlineData("type=bind,src=/a,dst=", "'dst' has no value")]
    [InlineData("type=bind,src,dst=/b", "'src' has no value")]
    [InlineData("type=bind,src=/a,dst=/b,readonly=maybe", "true or false")]
    [InlineData("type=bind,src=/a,dst=/b,size=5", "'size' is no key")]
    [InlineData("type=bind,src=/a,dst=/b,", "'' is no key")]
    [InlineData("type=bind,src=/a,dst=/b,bind-propagation=up", "'up' is no propagation")]
    [InlineData("type=bind,src=/a,dst=/b,tmpfs-size=1", "for type=tmpfs")]
    [InlineData("type=tmpfs,dst=/b,tmpfs-size=lots", "'lots' is no size")]
    [InlineData("type=tmpfs,dst=/b,tmpfs-size=99999999999g", "is no size")]
    [InlineData("type=tmpfs,dst=/b,tmpfs-mode=999", "'999' is no file mode")]
    [InlineData("type=bind,\"src=/a,dst=/b", "a quote is not closed")]
    public void A_mistake_says_what_it_is(string text, string message)
    {
        var error = Assert.Throws<InvalidArgumentException>(() => MountSpec.Parse(text));

        Assert.Equal("Mount", error.Parameter);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_a_mount_or_an_invalid_argument()
    {
        Gen<string> likely = Gen.OneOf("type=", "bind", "tmpfs", "source=", "dst=", "/a", "/b", ",", ":", ":", "ro", "\"", "=", "C:", "\\", "options=", "tmpfs-size=", "9", "k", "..", "\0", " ").Array[0, 12].Select(string.Concat);
        Gen.OneOf(Gen.String, likely).Sample(text =>
        {
            try
            {
                var mount = MountSpec.Parse(text);
                return mount.Destination.Length > 1 && !mount.Destination.Contains('\0', StringComparison.Ordinal) && (mount.Type != "bind" || mount.Source is { Length: > 0 });
            }
            catch (InvalidArgumentException error)
            {
                return error.Parameter == "Mount";
            }
        }, iter: 50_000);
    }
}

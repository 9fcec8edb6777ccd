using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Image references, completed as the distribution project does.</summary>
public sealed class ImageReferenceTests
{
    private const string Hash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    [Theory]
    [InlineData("busybox", "docker.io/library/busybox:latest", "docker.io", "library/busybox")]
    [InlineData("busybox:1.36", "docker.io/library/busybox:1.36", "docker.io", "library/busybox")]
    [InlineData("app/web", "docker.io/app/web:latest", "docker.io", "app/web")]
    [InlineData("docker.io/busybox", "docker.io/library/busybox:latest", "docker.io", "library/busybox")]
    [InlineData("index.docker.io/busybox", "docker.io/library/busybox:latest", "docker.io", "library/busybox")]
    [InlineData("docker.io/library/busybox", "docker.io/library/busybox:latest", "docker.io", "library/busybox")]
    [InlineData("registry.example:5000/a/b/c:v1", "registry.example:5000/a/b/c:v1", "registry.example:5000", "a/b/c")]
    [InlineData("localhost/app", "localhost/app:latest", "localhost", "app")]
    [InlineData("localhost:5000/app", "localhost:5000/app:latest", "localhost:5000", "app")]
    [InlineData("127.0.0.1:80/app", "127.0.0.1:80/app:latest", "127.0.0.1:80", "app")]
    [InlineData("[2001:db8::1]:80/app", "[2001:db8::1]:80/app:latest", "[2001:db8::1]:80", "app")]
    [InlineData("HOST/app", "HOST/app:latest", "HOST", "app")]
    [InlineData("x/a--b__c.d", "docker.io/x/a--b__c.d:latest", "docker.io", "x/a--b__c.d")]
    [InlineData("ghcr.io/o/i:V1_2.3-x", "ghcr.io/o/i:V1_2.3-x", "ghcr.io", "o/i")]
    public void A_name_is_completed(string text, string full, string domain, string repository)
    {
        var reference = ImageReference.Parse(text);

        Assert.Equal((full, domain, repository), (reference.ToString(), reference.Domain, reference.Repository));
        Assert.Equal(full, reference.StoreName);
        Assert.Equal(full, ImageReference.Parse(reference.Familiar).ToString());
    }

    [Fact]
    public void A_digest_needs_no_tag_and_stands_alone_in_the_store()
    {
        var digest = "sha256:" + Hash;
        var bare = ImageReference.Parse("busybox@" + digest);
        var both = ImageReference.Parse("busybox:1@" + digest);

        Assert.Equal((null, digest, "docker.io/library/busybox@" + digest), (bare.Tag, bare.Digest, bare.StoreName));
        Assert.Equal(("1", digest), (both.Tag, both.Digest));
        Assert.Equal("docker.io/library/busybox:1@" + digest, both.ToString());
        Assert.Equal("docker.io/library/busybox@" + digest, both.StoreName);
        Assert.Equal("busybox:1@" + digest, both.Familiar);
    }

    [Theory]
    [InlineData("docker.io/library/busybox:latest", "busybox:latest")]
    [InlineData("docker.io/app/web:1", "app/web:1")]
    [InlineData("docker.io/library/a/b:1", "library/a/b:1")]
    [InlineData("ghcr.io/o/i:1", "ghcr.io/o/i:1")]
    public void The_familiar_name_leaves_out_what_is_understood(string text, string familiar) => Assert.Equal(familiar, ImageReference.Parse(text).Familiar);

    [Theory]
    [InlineData("", "it is empty")]
    [InlineData("Busybox", "lower case")]
    [InlineData("docker.io/Busybox", "lower case")]
    [InlineData("busybox:", "a tag has")]
    [InlineData("busybox:-x", "a tag has")]
    [InlineData("busybox:a b", "a tag has")]
    [InlineData("busybox@sha256:abc", "no digest")]
    [InlineData("busybox@", "no digest")]
    [InlineData("busybox@md5:" + Hash, "no digest")]
    [InlineData("busybox@sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef", "no digest")]
    [InlineData(Hash, "64 hexadecimal digits")]
    [InlineData("-busybox", "a repository is")]
    [InlineData("a//b", "a repository is")]
    [InlineData("a/b/", "a repository is")]
    [InlineData("/a", "a repository is")]
    [InlineData("a..b", "a repository is")]
    [InlineData("a___b", "a repository is")]
    [InlineData("https://example/a", "no host")]
    [InlineData("-host.x/a", "no host")]
    [InlineData("host.x:port/a", "no host")]
    [InlineData("bad_host.x/a", "no host")]
    [InlineData("busybox ", "a repository is")]
    [InlineData("busybox\n", "a repository is")]
    [InlineData("büsybox", "a repository is")]
    public void What_is_none_says_why(string text, string message)
    {
        var error = Assert.Throws<InvalidArgumentException>(() => ImageReference.Parse(text));

        Assert.Equal("Image", error.Parameter);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_too_long_is_refused_and_not_repeated_in_full()
    {
        Assert.True(ImageReference.TryParse("ghcr.io/" + new string('a', 255), out _));
        var error = Assert.Throws<InvalidArgumentException>(() => ImageReference.Parse("ghcr.io/" + new string('a', 10_000)));
        Assert.True(error.Message.Length < 300);
        Assert.Contains("more than 255", Assert.Throws<InvalidArgumentException>(() => ImageReference.Parse("ghcr.io/" + new string('a', 256))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_text_is_a_reference_that_reads_back_the_same_or_none()
    {
        Gen<string> likely = Gen.OneOf("a", "b.c", "localhost", "/", "/", ":", "@", "sha256:" + Hash, "latest", "-", "_", ".", "A", "5000", "[::1]", " ", "é").Array[0, 10].Select(string.Concat);
        Gen.OneOf(Gen.String, likely).Sample(text =>
        {
            if (!ImageReference.TryParse(text, out ImageReference? reference))
                return true;
            return ImageReference.Parse(reference.ToString()) == reference && ImageReference.Parse(reference.Familiar) == reference
                && ImageReference.Parse(reference.StoreName).StoreName == reference.StoreName;
        }, iter: 50_000);
    }
}

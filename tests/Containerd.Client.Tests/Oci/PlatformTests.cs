using System.Runtime.InteropServices;
using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Platforms: their spelling, and which image runs on which.</summary>
public sealed class PlatformTests
{
    private static readonly Platform Amd64 = new("linux", "amd64");

    [Theory]
    [InlineData("linux/amd64", "linux/amd64")]
    [InlineData("Linux/x86_64", "linux/amd64")]
    [InlineData("linux/amd64/v1", "linux/amd64")]
    [InlineData("linux/amd64/v3", "linux/amd64/v3")]
    [InlineData("linux/aarch64", "linux/arm64")]
    [InlineData("linux/arm64/v8", "linux/arm64")]
    [InlineData("linux/arm64/8", "linux/arm64")]
    [InlineData("linux/arm64/v9", "linux/arm64/v9")]
    [InlineData("linux/arm", "linux/arm/v7")]
    [InlineData("linux/arm/7", "linux/arm/v7")]
    [InlineData("linux/arm/6", "linux/arm/v6")]
    [InlineData("linux/armhf", "linux/arm/v7")]
    [InlineData("linux/armel", "linux/arm/v6")]
    [InlineData("linux/i386", "linux/386")]
    [InlineData("macos/arm64", "darwin/arm64")]
    [InlineData("windows(10.0.20348)/amd64", "windows(10.0.20348)/amd64")]
    [InlineData("arm64", "linux/arm64")]
    [InlineData("windows", "windows/amd64")]
    public void One_spelling_compares(string text, string normal) => Assert.Equal(normal, Platform.Parse(text, Amd64).ToString());

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("linux/")]
    [InlineData("a/b/c/d")]
    [InlineData("linux/amd 64")]
    [InlineData("linüx/amd64")]
    public void What_is_none_is_an_invalid_argument(string text) =>
        Assert.Equal("Platform", Assert.Throws<InvalidArgumentException>(() => Platform.Parse(text)).Parameter);

    [Theory]
    [InlineData("linux/amd64", "linux/amd64", true)]
    [InlineData("linux/amd64", "linux/386", true)]
    [InlineData("linux/amd64", "linux/amd64/v2", false)]
    [InlineData("linux/amd64/v3", "linux/amd64/v2", true)]
    [InlineData("linux/amd64", "linux/arm64", false)]
    [InlineData("linux/amd64", "windows/amd64", false)]
    [InlineData("linux/arm64", "linux/arm64/v8", true)]
    [InlineData("linux/arm64", "linux/arm/v7", true)]
    [InlineData("linux/arm64", "linux/arm64/v9", false)]
    [InlineData("linux/arm/v7", "linux/arm/v6", true)]
    [InlineData("linux/arm/v6", "linux/arm/v7", false)]
    [InlineData("linux/386", "linux/amd64", false)]
    [InlineData("windows(10.0.17763)/amd64", "windows(10.0.17763.4)/amd64", true)]
    [InlineData("windows(10.0.17763)/amd64", "windows(10.0.20348)/amd64", false)]
    [InlineData("windows(10.0.20348)/amd64", "windows(10.0.17763)/amd64", false)]
    [InlineData("windows(10.0.22621)/amd64", "windows(10.0.20348)/amd64", true)]
    [InlineData("windows(10.0.26100)/amd64", "windows(10.0.20348)/amd64", true)]
    [InlineData("windows/amd64", "windows(10.0.20348)/amd64", true)]
    public void An_image_runs_where_its_instructions_do(string host, string image, bool runs) =>
        Assert.Equal(runs, PlatformMatch.Rank(Platform.Parse(host), Platform.Parse(image)) is not null);

    [Fact]
    public void The_best_manifest_comes_first_and_those_that_do_not_say_come_last()
    {
        var index = new ImageIndex(
        [
            Entry('0', null),
            Entry('1', new("linux", "arm", "v6")),
            Entry('2', new("unknown", "unknown")) with { Annotations = new Dictionary<string, string> { ["vnd.docker.reference.type"] = "attestation-manifest" } },
            Entry('3', new("linux", "arm", "v7")),
            Entry('4', new("linux", "arm64", "v8")),
            Entry('5', new("linux", "amd64")),
            Entry('6', null) with { MediaType = "application/json" },
            Entry('7', new("linux", "arm64")),
        ]);

        Assert.Equal("4 7 3 1 0", Order("linux/arm64"));
        Assert.Equal("3 1 0", Order("linux/arm"));
        Assert.Equal("5 0", Order("linux/amd64"));
        Assert.Equal("0", Order("linux/s390x"));

        string Order(string platform) => string.Join(' ', index.Candidates(Platform.Parse(platform)).Select(entry => entry.Digest[^1]));
    }

    [Fact]
    public void Of_Windows_images_the_newest_that_runs_is_best()
    {
        var index = new ImageIndex(
        [
            Entry('1', new("windows", "amd64") { OsVersion = "10.0.17763.1" }),
            Entry('2', new("windows", "amd64") { OsVersion = "10.0.20348.1" }),
            Entry('3', new("windows", "amd64") { OsVersion = "10.0.20348.2" }),
        ]);

        Assert.Equal(["3", "2"], index.Candidates(Platform.Parse("windows(10.0.20348)/amd64")).Select(entry => entry.Digest[^1..]));
    }

    [Fact]
    public void The_host_is_named_as_Go_names_it()
    {
        Assert.Equal(OperatingSystem.IsLinux() ? "linux" : "windows", Platform.Host.Os);
        Assert.Equal("amd64", Platform.ArchitectureName(Architecture.X64));
        Assert.Equal("riscv64", Platform.ArchitectureName((Architecture)9));
        Assert.Equal(0, PlatformMatch.Rank(Platform.Host, Platform.Host));
    }

    [Fact]
    public void Any_text_is_a_platform_in_normal_form_or_none() =>
        Gen.OneOf(Gen.String, Gen.OneOf("linux", "windows", "arm", "amd64", "v7", "v99999999999", "/", "/", "(", ")", "10.0.1").Array[0, 7].Select(string.Concat)).Sample(text =>
        {
            try
            {
                var platform = Platform.Parse(text, Amd64);
                return platform == platform.Normalized() && PlatformMatch.Rank(platform, platform) == 0;
            }
            catch (InvalidArgumentException)
            {
                return true;
            }
        });

    private static ContentDescriptor Entry(char last, Platform? platform) =>
        new(MediaTypes.Manifest, "sha256:" + new string('0', 63) + last, 1) { Platform = platform };
}

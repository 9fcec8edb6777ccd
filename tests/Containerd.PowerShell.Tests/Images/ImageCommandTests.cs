using System.IO.Compression;
using System.Management.Automation;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Images;

public abstract class ImageCommandTests(ContainerdServer server) : ImageCommandRig(server)
{
    private static readonly TestImage s_image = new() { Name = "docker.io/library/app:1", Files = new Dictionary<string, string> { ["/x"] = "y" } };

    [Fact]
    public async Task An_archive_is_imported_by_path_wildcard_file_and_literal_path()
    {
        Save("a.tar", s_image);
        Save("b[1].tar", s_image with { Name = "example.test/b:1" });
        Save("c.tar.gz", Gzip((s_image with { Name = "example.test/c:1" }).ToOciLayoutTar()));

        var image = Invoke("Import-CtrImage a.tar").Single<Image>();
        Assert.Equal(("docker.io/library/app:1", "images", Namespace), (image.Name, image.Session.Name, image.Namespace));
        Assert.Equal("example.test/b:1", Invoke("Import-CtrImage -LiteralPath 'b[1].tar'").Single<Image>().Name);
        Assert.Equal("example.test/c:1", Invoke("Import-CtrImage ./c.tar.?z").Single<Image>().Name);
        Assert.Equal(2, Invoke("'a.tar', './c*' | Import-CtrImage").Values.Count);
        Assert.Empty(Invoke("Import-CtrImage nothing*.tar").Values);

        var listed = await CtrAsync("images", "check");
        Assert.Equal(3, listed.Split('\n').Count(line => line.Contains("complete", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_parameters_of_an_import_are_obeyed()
    {
        Save("a.tar", s_image);
        AssertError("Import-CtrImage a.tar -MaximumSize 1KB", "InvalidContent", ErrorCategory.InvalidData, Path.Combine(Files, "a.tar"));
        var image = Invoke("Import-CtrImage a.tar named -Label @{ made = 'here' }, also=this -NoUnpack -Platform $((Get-CtrPlugin overlayfs).Platforms[0])").Single<Image>();
        Assert.Equal(("docker.io/library/named:latest", "here", "this"), (image.Name, image.Labels["made"], image.Labels["also"]));
        Assert.Equal("other:2", Invoke("Import-CtrImage a.tar -Tag other:2").Single<Image>().Name["docker.io/library/".Length..]);

        Assert.Empty(Invoke("Import-CtrImage a.tar never -WhatIf").Values);
        AssertError("Get-CtrImage never", "NoSuchImage", ErrorCategory.ObjectNotFound, "never");
        AssertError("Import-CtrImage a.tar -Platform linux/mips", "NoSuchImage", ErrorCategory.ObjectNotFound, Path.Combine(Files, "a.tar"));
        AssertError("Import-CtrImage a.tar 'No Name'", "InvalidArgument", ErrorCategory.InvalidArgument, Path.Combine(Files, "a.tar"));
    }

    [Fact]
    public async Task A_root_file_system_is_imported_as_a_tar_and_as_a_directory()
    {
        Save("rootfs.tar", TestImage.RootFsTar());
        Directory.CreateDirectory(Path.Combine(Files, "rootfs/bin"));
        File.Copy("/usr/bin/busybox", Path.Combine(Files, "rootfs/bin/busybox"));

        var tar = Invoke("Import-CtrImage -RootFs rootfs.tar -Name tar:1 -Command sh, -c, 'test $WORD = good' -Env @{ WORD = 'good'; PATH = '/bin' } -User app").Single<Image>();
        var directory = Invoke("Import-CtrImage -RootFs ./rootfs -Name directory:1 -Entrypoint /bin/busybox -Command true -WorkingDirectory /bin -StopSignal int").Single<Image>();

        Assert.Equal(("docker.io/library/tar:1", "docker.io/library/directory:1"), (tar.Name, directory.Name));
        await CtrAsync("run", "--rm", tar.Name, "first");
        await CtrAsync("run", "--rm", directory.Name, "second");
        Assert.Contains("SIGINT", await CtrAsync("content", "get", await ConfigOfAsync(directory)), StringComparison.Ordinal);
        Assert.NotEmpty(Module.Invoke("Import-CtrImage -RootFs rootfs.tar -ErrorAction SilentlyContinue -Name ''").Errors);
        AssertError("Import-CtrImage -RootFs rootfs.tar -Name x -StopSignal NOSUCH", "InvalidArgument", ErrorCategory.InvalidArgument, Path.Combine(Files, "rootfs.tar"));
        AssertError("Import-CtrImage -RootFs nothing -Name x", "NoSuchFile", ErrorCategory.ObjectNotFound, "nothing");
    }

    [Fact]
    public async Task An_import_that_fails_is_one_error_about_its_file_and_the_others_go_on()
    {
        Save("good.tar", s_image);
        var bad = Save("bad.tar", s_image.ToOciLayoutTar()[..300_000]);
        var text = Save("text.tar", "not an archive"u8.ToArray());

        var result = Module.Invoke("Import-CtrImage bad.tar, good.tar, text.tar, missing.tar");

        Assert.Equal("docker.io/library/app:1", result.Single<Image>().Name);
        Assert.Equal(
            [(bad, "InvalidContent", ErrorCategory.InvalidData), (text, "InvalidContent", ErrorCategory.InvalidData), ("missing.tar", "NoSuchFile", ErrorCategory.ObjectNotFound)],
            result.Errors.Select(error => ((string)error.TargetObject, error.FullyQualifiedErrorId.Split(',')[0], error.CategoryInfo.Category))
                .OrderBy(error => error.Item1 == "missing.tar").ThenBy(error => error.Item1, StringComparer.Ordinal));
    }

    [Fact]
    public void Progress_is_shown_and_taken_away()
    {
        Save("a.tar.gz", Gzip(s_image.ToOciLayoutTar()));

        var result = Invoke("Import-CtrImage a.tar.gz -Verbose");

        Assert.Contains(result.Progress, record => record.StatusDescription.Contains("MiB", StringComparison.Ordinal) && record.Activity == "Importing a.tar.gz");
        Assert.Equal(ProgressRecordType.Completed, result.Progress[^1].RecordType);
        Assert.Single(result.Progress.Select(record => record.ActivityId).Distinct());
        Assert.Contains(result.Verbose, text => text.Contains("Unpacking the 2 layers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Ctrl_C_in_an_import_returns_at_once_and_leaves_nothing()
    {
        Save("ready.tar", s_image with { Name = "example.test/ready:1" });
        Invoke("Import-CtrImage ready.tar");
        await UntilInventoryIsAsync(await InventoryAsync());
        var before = await InventoryAsync();

        // A FIFO as a root file system's only file would never end; a large sparse file takes long enough.
        Directory.CreateDirectory(Path.Combine(Files, "rootfs"));
        using (var large = File.Create(Path.Combine(Files, "rootfs/large")))
            large.SetLength(40L << 30);
        var (result, took) = Module.InvokeAndStop("Import-CtrImage -RootFs rootfs -Name never", TimeSpan.FromSeconds(1));

        Assert.True(result.Stopped);
        Assert.True(took < TimeSpan.FromSeconds(1), $"stopping took {took}");
        await UntilInventoryIsAsync(before);
    }

    [Fact]
    public void Images_are_found_by_full_and_short_name_wildcard_and_digest()
    {
        Save("a.tar", s_image);
        Save("b.tar", s_image with { Name = "example.test/b:1", Cmd = ["true"] });
        Invoke("Import-CtrImage a.tar, b.tar");
        string[] Names(string script) => [.. Invoke(script).Values.Cast<Image>().Select(image => image.Name).Order()];

        Assert.Equal(["docker.io/library/app:1", "example.test/b:1"], Names("Get-CtrImage"));
        Assert.Equal(["docker.io/library/app:1"], Names("Get-CtrImage app:1"));
        Assert.Equal(["docker.io/library/app:1"], Names("Get-CtrImage APP*"));
        Assert.Equal(["docker.io/library/app:1"], Names("Get-CtrImage docker.io/*, app:1, docker.io/library/app:1").Distinct());
        Assert.Equal(["example.test/b:1"], Names("Get-CtrImage (Get-CtrImage example.test/b:1).Digest"));
        Assert.Equal(["example.test/b:1"], Names("Get-CtrImage example.test/b:1 | Get-CtrImage"));
        Assert.Empty(Names("Get-CtrImage zz*"));
        var result = Module.Invoke("Get-CtrImage app:1, nope");
        Assert.Equal(("nope", "docker.io/library/app:1"), (result.SingleError().TargetObject, result.Single<Image>().Name));
        AssertError("Get-CtrImage nope", "NoSuchImage", ErrorCategory.ObjectNotFound, "nope");
        AssertError("Get-CtrImage app:1 -Namespace 'a--b'", "InvalidArgument", ErrorCategory.InvalidArgument, "app:1");
    }

    [Fact]
    public async Task Images_are_removed_and_with_Wait_their_content_too()
    {
        Save("a.tar", s_image);
        Save("b.tar", s_image with { Name = "example.test/b:1" });
        var empty = await InventoryAsync();
        Invoke("Import-CtrImage a.tar, b.tar");

        Invoke("Get-CtrImage | Remove-CtrImage -WhatIf; Remove-CtrImage * -WhatIf");
        Assert.Equal(2, Invoke("Get-CtrImage").Values.Count);
        Invoke("Remove-CtrImage app:1");
        Assert.Equal("example.test/b:1", Invoke("Get-CtrImage").Single<Image>().Name);
        var missing = Module.Invoke("Remove-CtrImage nope, zz*, example.test/b:1 -Wait");

        Assert.Equal("nope", missing.SingleError().TargetObject);
        Assert.StartsWith("NoSuchImage", missing.SingleError().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(empty, await InventoryAsync());
    }

    [Fact]
    public void An_image_completes_by_its_short_name()
    {
        Save("a.tar", s_image);
        Invoke("Import-CtrImage a.tar");

        Assert.Equal(["app:1"], Invoke("(TabExpansion2 'Get-CtrImage ap' -cursorColumn 15).CompletionMatches.CompletionText").Values);
    }

    [Theory]
    [InlineData("Import-CtrImage")]
    [InlineData("Get-CtrImage")]
    [InlineData("Remove-CtrImage")]
    public void No_daemon_is_a_connection_error(string command)
    {
        Save("a.tar", s_image);
        var error = Module.Invoke($"$env:CONTAINERD_ADDRESS = '/tmp/ctr-nobody-here.sock'; try {{ Get-CtrSession | Remove-CtrSession; {command} a.tar }} finally {{ $env:CONTAINERD_ADDRESS = $null }}").SingleError();
        Assert.Equal(("NoServer", ErrorCategory.ConnectionError), (error.FullyQualifiedErrorId.Split(',')[0], error.CategoryInfo.Category));
    }

    private async Task<string> ConfigOfAsync(Image image)
    {
        using var manifest = System.Text.Json.JsonDocument.Parse(await CtrAsync("content", "get", image.Digest));
        return manifest.RootElement.GetProperty("config").GetProperty("digest").GetString()!;
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return stream.ToArray();
    }
}

public sealed class ImageCommandTests16(Server16 server) : ImageCommandTests(server), IClassFixture<Server16>;

public sealed class ImageCommandTests17(Server17 server) : ImageCommandTests(server), IClassFixture<Server17>;

public sealed class ImageCommandTests2(Server2 server) : ImageCommandTests(server), IClassFixture<Server2>;

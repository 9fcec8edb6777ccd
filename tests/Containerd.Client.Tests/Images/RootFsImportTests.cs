using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text.Json;
using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Images;

public abstract class RootFsImportTests(ContainerdServer server) : ImageRig(server)
{
    [Theory]
    [InlineData("plain", MediaTypes.Layer)]
    [InlineData("gzip", MediaTypes.LayerGzip)]
    [InlineData("zstd", MediaTypes.LayerZstd)]
    public async Task A_root_file_system_tar_becomes_an_image_that_runs(string form, string layerType)
    {
        var tar = TestImage.RootFsTar();
        var path = await SaveAsync(form switch { "gzip" => Archive.Gzip(tar), "zstd" => Archive.Zstd(tar), _ => tar });

        var imported = Assert.Single(await ImportAsync(path));

        Assert.Equal("docker.io/library/tool:1", imported.Image.Name);
        var image = await Client.Images.ResolveAsync("tool:1", Token);
        Assert.Equal(layerType, Assert.Single(image.Content.Layers).MediaType);
        Assert.Equal([Archive.Digest(tar)], image.Config.DiffIds);
        await AssertRunsAsync("docker.io/library/tool:1");
    }

    [Fact]
    public async Task The_config_is_what_was_asked_for()
    {
        var path = await SaveAsync(TestImage.RootFsTar());

        await ImportAsync(path, options => options with
        {
            Config = new ExecutionConfig { Entrypoint = ["/bin/env"], Cmd = ["-i"], Env = ["A=b"], User = "app", WorkingDir = "/tmp", StopSignal = "SIGINT" },
            Platform = Platform.Parse("linux/arm64"),
            Comment = "made by a test",
            Unpack = false,
        });

        var image = await Client.Images.ResolveAsync("tool:1", Token);
        using var config = JsonDocument.Parse(await Client.Content.ReadAsync(image.Content.ConfigDescriptor.Digest, 1 << 20, Token));
        var root = config.RootElement;
        Assert.Equal(("arm64", "linux"), (root.GetProperty("architecture").GetString(), root.GetProperty("os").GetString()));
        Assert.Equal("made by a test", root.GetProperty("history")[0].GetProperty("comment").GetString());
        Assert.Equal(
            """{"User":"app","Env":["A=b"],"Entrypoint":["/bin/env"],"Cmd":["-i"],"WorkingDir":"/tmp","StopSignal":"SIGINT"}""",
            JsonSerializer.Serialize(root.GetProperty("config").EnumerateObject().Where(member => member.Value.ValueKind is not JsonValueKind.False && member.Name != "Labels").ToDictionary(member => member.Name, member => member.Value)));
    }

    [Fact]
    public async Task A_directory_becomes_an_image_with_everything_in_it()
    {
        var root = Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"));
        await ShellAsync($"""
            set -e
            mkdir -p {root}/bin {root}/etc {root}/deep/{new string('d', 120)} {root}/mounted
            cp "$(command -v busybox)" {root}/bin/busybox
            for applet in sh grep stat readlink test; do ln -s busybox {root}/bin/$applet; done
            ln {root}/bin/busybox {root}/bin/twin
            echo content > {root}/deep/{new string('d', 120)}/{new string('f', 120)}
            chmod 4751 {root}/bin/busybox; chown 7:8 {root}/etc; chmod 2770 {root}/etc; touch -d @1234567890 {root}/etc
            mknod {root}/null c 1 3; mkfifo {root}/pipe; chown 3000000:3000001 {root}/pipe
            echo 'ü' > '{root}/größe und so'
            mount -t tmpfs none {root}/mounted; touch {root}/mounted/hidden
            """);
        var hasCapabilities = await ShellAsync($"cp {root}/bin/busybox {root}/capable && setcap cap_setuid,cap_net_raw=ep {root}/capable && ln {root}/capable {root}/alias");
        try
        {
            await ImportAsync(root, options => options with { Config = new ExecutionConfig { Cmd = ["grep", "-q", "ü", "/größe und so"] } });
        }
        finally
        {
            await ShellAsync($"umount {root}/mounted");
        }

        await AssertRunsAsync("docker.io/library/tool:1");
        var tree = await TreeAsync();
        var bin = tree["bin/busybox"];
        Assert.Equal((TarEntryType.RegularFile, (UnixFileMode)Convert.ToInt32("4751", 8)), (bin.EntryType, bin.Mode));
        Assert.Equal((TarEntryType.HardLink, "bin/busybox"), (tree["bin/twin"].EntryType, tree["bin/twin"].LinkName));
        Assert.Equal((TarEntryType.SymbolicLink, "busybox"), (tree["bin/sh"].EntryType, tree["bin/sh"].LinkName));
        Assert.Equal((7, 8, (UnixFileMode)Convert.ToInt32("2770", 8), 1234567890), (tree["etc/"].Uid, tree["etc/"].Gid, tree["etc/"].Mode, tree["etc/"].ModificationTime.ToUnixTimeSeconds()));
        Assert.Equal((TarEntryType.CharacterDevice, 1, 3), (tree["null"].EntryType, ((PosixTarEntry)tree["null"]).DeviceMajor, ((PosixTarEntry)tree["null"]).DeviceMinor));
        Assert.Equal((TarEntryType.Fifo, 3000000, 3000001), (tree["pipe"].EntryType, tree["pipe"].Uid, tree["pipe"].Gid));
        Assert.Equal(8, tree[$"deep/{new string('d', 120)}/{new string('f', 120)}"].Length);
        Assert.Contains("mounted/", tree.Keys);
        Assert.DoesNotContain("mounted/hidden", tree.Keys);
        if (!hasCapabilities)
            Assert.Skip("This machine has no setcap, or its file system no capabilities: that they are kept was not looked at.");
        Assert.Contains("SCHILY.xattr.security.capability", ((PaxTarEntry)tree["alias"]).ExtendedAttributes.Keys);
        Assert.Equal(await CapabilitiesAsync(root + "/capable"), await CapabilitiesAsync(await UnpackedAsync("capable")));
        Assert.NotEmpty(await CapabilitiesAsync(root + "/capable"));
    }

    [Fact]
    public async Task An_empty_directory_becomes_an_empty_root_file_system()
    {
        var root = Directory.CreateDirectory(Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"))).FullName;

        await ImportAsync(root);

        Assert.Empty(await TreeAsync());
        Assert.Empty(Directory.EnumerateFileSystemEntries(await UnpackedAsync("")));
    }

    [Fact]
    public async Task The_same_directory_is_the_same_layer()
    {
        var root = Directory.CreateDirectory(Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"))).FullName;
        for (var i = 0; i < 50; i++)
            await File.WriteAllTextAsync(Path.Combine(root, $"file{i * 7919 % 50}"), $"{i}", Token);

        await ImportAsync(root, options => options with { Unpack = false });
        var first = await Client.Images.ResolveAsync("tool:1", Token);
        await ImportAsync(root, options => options with { Unpack = false });

        Assert.Equal(first.Config.DiffIds, (await Client.Images.ResolveAsync("tool:1", Token)).Config.DiffIds);
    }

    [Fact]
    public async Task A_root_file_system_needs_a_name_and_must_be_there_and_whole()
    {
        var tar = TestImage.RootFsTar();
        var path = await SaveAsync(tar);
        var cut = await SaveAsync(tar[..^1024]);
        var middle = await SaveAsync(tar[..700_000]);
        var gzip = await SaveAsync(Archive.Gzip(tar)[..500_000]);
        var noise = await SaveAsync([.. Enumerable.Repeat((byte)'x', 5000)]);
        var outside = await SaveAsync(Archive.Tar(new Dictionary<string, byte[]> { ["a/../../b"] = [1] }));
        var bomb = await SaveAsync(Archive.Gzip(Archive.Tar(new Dictionary<string, byte[]> { ["zeros"] = new byte[40 << 20] }), CompressionLevel.SmallestSize));

        var nameless = await Assert.ThrowsAsync<InvalidArgumentException>(() => ImportAsync(path, options => options with { Name = null }));
        var badName = await Assert.ThrowsAsync<InvalidArgumentException>(() => ImportAsync(path, options => options with { Name = "No Name" }));
        await Assert.ThrowsAsync<FileNotFoundException>(() => ImportAsync(path + "-not"));
        foreach (var broken in new[] { cut, middle, gzip, noise, outside })
            await Assert.ThrowsAsync<InvalidContentException>(() => ImportAsync(broken));
        var tooMuch = await Assert.ThrowsAsync<InvalidContentException>(() => ImportAsync(bomb, options => options with { MaximumSize = 10 << 20 }));

        Assert.Equal(("Name", "Name"), (nameless.Parameter, badName.Parameter));
        Assert.Contains("-MaximumSize", tooMuch.Message, StringComparison.Ordinal);
        Assert.Empty(await InventoryAsync());
    }

    [Fact]
    public async Task A_cancelled_import_of_a_directory_ends_at_once_and_leaves_nothing()
    {
        var root = Directory.CreateDirectory(Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"))).FullName;
        await using (var large = File.Create(Path.Combine(root, "large")))
            large.SetLength(40L << 30);
        using var cancel = new CancellationTokenSource();
        var progress = new Listener(step =>
        {
            if (step.Done > 20 << 20)
                cancel.Cancel();
        });

        var import = Client.Images.ImportAsync(new RootFsImportOptions { Path = root, Name = "tool:1", Snapshotter = "overlayfs" }, cancel.Token, progress);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => import.WaitAsync(TimeSpan.FromSeconds(20), Token));
        Assert.Empty(await InventoryAsync());
    }

    [Fact]
    public async Task A_directory_that_cannot_be_read_whole_leaves_nothing()
    {
        var root = Directory.CreateDirectory(Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"))).FullName;
        var file = Path.Combine(root, "large");
        await File.WriteAllBytesAsync(file, new byte[30 << 20], Token);
        await File.WriteAllTextAsync(Path.Combine(root, "later"), "x", Token);
        var progress = new Listener(step =>
        {
            if (step.Done > 0)
                File.Delete(Path.Combine(root, "later"));
        });

        await Assert.ThrowsAnyAsync<IOException>(() => Client.Images.ImportAsync(
            new RootFsImportOptions { Path = root, Name = "tool:1", Snapshotter = "overlayfs" }, Token, progress));

        Assert.Empty(await InventoryAsync());
    }

    private Task<IReadOnlyList<ImportedImage>> ImportAsync(string path, Func<RootFsImportOptions, RootFsImportOptions>? change = null)
    {
        var options = new RootFsImportOptions { Path = path, Name = "tool:1", Snapshotter = "overlayfs", Config = new ExecutionConfig { Cmd = ["/bin/test", "-x", "/bin/busybox"] } };
        return Client.Images.ImportAsync(change?.Invoke(options) ?? options, Token);
    }

    private async Task AssertRunsAsync(string name)
    {
        await CollectGarbageAsync();
        Assert.Contains("complete", await CtrAsync("images", "check", $"name=={name}"), StringComparison.Ordinal);
        await CtrAsync("run", "--rm", name, "runs");
    }

    /// <summary>What is in the image's layer, by name.</summary>
    private async Task<Dictionary<string, TarEntry>> TreeAsync()
    {
        var image = await Client.Images.ResolveAsync("tool:1", Token);
        await using var blob = Client.Content.OpenRead(image.Content.Layers[0].Digest, Token);
        await using var reader = new TarReader(blob);
        var entries = new Dictionary<string, TarEntry>();
        while (await reader.GetNextEntryAsync(copyData: true, Token) is { } entry)
            entries[entry.Name] = entry;
        return entries;
    }

    private async Task<string> UnpackedAsync(string name)
    {
        var image = await Client.Images.ResolveAsync("tool:1", Token);
        await using var lease = await Client.Leases.CreateAsync(Token);
        var mounts = await lease.Client.Snapshots("overlayfs").ViewAsync("look", image.ChainId, Token);
        return Path.Combine(Assert.Single(mounts).Source, name);
    }

    private static async Task<string> CapabilitiesAsync(string path)
    {
        using var getcap = Process.Start(new ProcessStartInfo("getcap", [path]) { RedirectStandardOutput = true })!;
        var output = await getcap.StandardOutput.ReadToEndAsync(Token);
        return output.Replace(path, "", StringComparison.Ordinal).Trim();
    }

    private static async Task<bool> ShellAsync(string script)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { RedirectStandardError = true })!;
        var error = await shell.StandardError.ReadToEndAsync(Token);
        await shell.WaitForExitAsync(Token);
        Assert.True(shell.ExitCode == 0 || error.Contains("setcap", StringComparison.Ordinal), error);
        return shell.ExitCode == 0;
    }

    private sealed class Listener(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }
}

public sealed class RootFsImportTests16(Server16 server) : RootFsImportTests(server), IClassFixture<Server16>;

public sealed class RootFsImportTests17(Server17 server) : RootFsImportTests(server), IClassFixture<Server17>;

public sealed class RootFsImportTests2(Server2 server) : RootFsImportTests(server), IClassFixture<Server2>;

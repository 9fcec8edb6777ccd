using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Images;

/// <summary>Archives that are broken or made to do harm: each gives a clear error, and leaves nothing behind.</summary>
public abstract class HostileArchiveTests(ContainerdServer server) : ImageRig(server)
{
    private const string Evil = "../../../../../../tmp/evil";

    private static readonly TestImage s_image = new() { Name = "example.test/victim:1", Files = new Dictionary<string, string> { ["/extra"] = "x" } };

    private static readonly Dictionary<string, Func<byte[]>> s_archives = new()
    {
        ["an empty file|no complete tar archive|no file in it"] = () => [],
        ["a text|no complete tar archive"] = () => Encoding.UTF8.GetBytes(new string('x', 3000)),
        ["noise|no complete tar archive"] = () => Noise(100_000),
        ["gzip of noise|no complete tar archive"] = () => Archive.Gzip(Noise(100_000)),
        ["an archive of something else|neither index.json nor manifest.json"] = () => Archive.Tar(new Dictionary<string, byte[]> { ["readme"] = [1] }),
        ["cut in a header|no complete tar archive"] = () => s_image.ToOciLayoutTar()[..700],
        ["cut in a layer|no complete tar archive"] = () => s_image.ToOciLayoutTar()[..500_000],
        ["cut where the index begins|neither index.json nor manifest.json"] = CutBeforeIndex,
        ["gzip cut in its middle|no complete tar archive"] = () => Archive.Gzip(s_image.ToOciLayoutTar()) is var whole ? whole[..(whole.Length / 2)] : [],
        ["gzip with a flipped bit|no complete tar archive|cannot be read to its end|is broken|digest"] = () => Flip(Archive.Gzip(s_image.ToOciLayoutTar())),
        ["a layer with a flipped bit|digest"] = () => Change((files, layout) => files[layout.Layer] = Flip(files[layout.Layer])),
        ["a config with another content|digest"] = () => Change((files, layout) => files[layout.Config] = Swap(files[layout.Config], "linux", "lunix")),
        ["a manifest with another content|digest"] = () => Change((files, layout) => files[layout.Manifest] = Swap(files[layout.Manifest], "manifest", "menifast")),
        ["a layer of another size|bytes where"] = () => Change((files, layout) => files[layout.Layer] = files[layout.Layer][..^512]),
        ["a layer that is missing|is missing"] = () => Change((files, layout) => files.Remove(layout.Layer)),
        ["a config that is missing|is missing"] = () => Change((files, layout) => files.Remove(layout.Config)),
        ["a manifest that is missing|is missing"] = () => Change((files, layout) => files.Remove(layout.Manifest)),
        ["an index that is no JSON|index.json"] = () => Change((files, _) => files["index.json"] = "{"u8.ToArray()),
        ["an index that is a manifest too|index.json"] = () => Change((files, _) =>
            files["index.json"] = Swap(files["index.json"], "\"manifests\"", "\"layers\":[],\"manifests\"")),
        ["an index without images|no image"] = () => Change((files, _) => files["index.json"] = """{"schemaVersion":2,"manifests":[]}"""u8.ToArray()),
        ["an index of 5 MiB|more than the 4194304"] = () => Change((files, _) =>
            files["index.json"] = Swap(files["index.json"], "{\"schemaVersion\"", "{\"x\":\"" + new string('x', 5 << 20) + "\",\"schemaVersion\"")),
        ["an index of a thousand levels|index.json"] = () => Change((files, _) =>
            files["index.json"] = Encoding.UTF8.GetBytes("{\"manifests\":" + new string('[', 1000) + new string(']', 1000) + "}")),
        ["indexes in indexes in indexes|nested deeper"] = NestedIndexes,
        ["a digest that leads elsewhere|no digest"] = () => Change((files, layout) =>
            files["index.json"] = Swap(files["index.json"], Digest(layout.Manifest), "sha256:../../../../etc/passwd")),
        ["a name that is none|no image name"] = () => Change((files, _) => files["index.json"] = Swap(files["index.json"], s_image.Name, "a b\\u0007c")),
        ["a config that says another layer|uncompressed"] = () => Rebuild(config: config => config["rootfs"]!["diff_ids"]![0] = Archive.Digest([1])),
        ["a config of one layer less|layers"] = () => Rebuild(config: config => config["rootfs"]!["diff_ids"]!.AsArray().RemoveAt(0)),
        ["a layer that is no tar|broken"] = () => Rebuild(layer: _ => Noise(5000)),
        ["a layer that is cut short|broken"] = () => Rebuild(layer: tar => tar[..^2000]),
        ["a gzip layer that is cut short|broken|uncompressed"] = () => Rebuild(layer: tar => Archive.Gzip(tar)[..^500], type: MediaTypes.LayerGzip),
        ["a layer with names that lead out|leads out"] = () => Rebuild(layer: _ => Archive.Tar(new Dictionary<string, byte[]> { [Evil] = [1] })),
        ["a layer with a hard link that leads out|leads out"] = () => Rebuild(layer: _ => Archive.Tar([new PaxTarEntry(TarEntryType.HardLink, "shadow") { LinkName = "../../etc/shadow" }])),
        ["a layer with a huge header|extended header"] = () => Rebuild(layer: _ => HugeHeader('x')),
        ["files with names that lead out|leads out"] = () => Extended(new PaxTarEntry(TarEntryType.RegularFile, Evil)),
        ["files with names from the root|leads out"] = () => Extended(new PaxTarEntry(TarEntryType.RegularFile, "/tmp/evil")),
        ["a link that leads out|leads out"] = () => Extended(new PaxTarEntry(TarEntryType.SymbolicLink, "blobs/link") { LinkName = "../../etc/shadow" }),
        ["a hard link that leads out|leads out"] = () => Extended(new PaxTarEntry(TarEntryType.HardLink, "link") { LinkName = "../etc/shadow" }),
        ["a device|of type"] = () => Extended(new PaxTarEntry(TarEntryType.BlockDevice, "sda") { DeviceMajor = 8 }),
        ["a name of 5,000 signs|5000 characters"] = () => Extended(new PaxTarEntry(TarEntryType.RegularFile, new string('x', 5000))),
        ["a huge extended header|extended header"] = () => HugeHeader('x'),
        ["a huge long name|extended header"] = () => HugeHeader('L'),
        ["links that lead in a circle|is missing"] = () => Circle(),
        ["docker: a manifest that is no JSON|manifest.json"] = () => Docker(files => files["manifest.json"] = "[{]"u8.ToArray()),
        ["docker: nothing in the manifest|no image"] = () => Docker(files => files["manifest.json"] = "[null]"u8.ToArray()),
        ["docker: a config that is missing|is missing"] = () => Docker(files => files.Remove(files.Keys.First(name => name.EndsWith(".json", StringComparison.Ordinal) && name != "manifest.json"))),
        ["docker: a config of another digest|digest"] = () => Docker(files =>
        {
            var config = files.Keys.First(name => name.EndsWith(".json", StringComparison.Ordinal) && name != "manifest.json");
            files[config] = Swap(files[config], "linux", "lunix");
        }),
        ["docker: another layer than the config says|uncompressed"] = () => Docker(files =>
            files[files.Keys.First(name => name.EndsWith("layer.tar", StringComparison.Ordinal))] = Archive.Tar(new Dictionary<string, byte[]> { ["other"] = [1] })),
        ["docker: a layer that is missing|is missing"] = () => Docker(files => files.Remove(files.Keys.First(name => name.EndsWith("layer.tar", StringComparison.Ordinal)))),
    };

    public static TheoryData<string> Archives => [.. s_archives.Keys];

    [Theory]
    [MemberData(nameof(Archives))]
    public async Task It_is_an_error_that_says_what_is_wrong_and_leaves_nothing(string what)
    {
        // Something of others', which has to stay, and shares no layer: what the store has already is not read again.
        await ImportAsync(await SaveAsync(Rebuild(layer: _ => Archive.Tar(new Dictionary<string, byte[]> { ["bystander"] = [1] }), withExtra: false)), options => options with { Name = "bystander" });
        await CollectGarbageAsync();
        var before = await InventoryAsync();
        var path = await SaveAsync(s_archives[what]());

        var error = await Assert.ThrowsAsync<InvalidContentException>(() => ImportAsync(path));

        Assert.Contains(what.Split('|')[1..], words => error.Message.Contains(words, StringComparison.Ordinal));
        Assert.Equal("InvalidContent", error.ErrorId);
        Assert.Equal(before, await InventoryAsync());
        Assert.False(File.Exists("/tmp/evil"));
    }

    [Fact]
    public async Task A_layer_bomb_is_stopped_before_the_server_unpacks_it()
    {
        var path = await SaveAsync(Rebuild(layer: _ => Archive.Gzip(new byte[50 << 20], CompressionLevel.SmallestSize), type: MediaTypes.LayerGzip, diffId: Archive.Digest(new byte[50 << 20])));

        var error = await Assert.ThrowsAsync<InvalidContentException>(() => ImportAsync(path, options => options with { MaximumSize = 20 << 20 }));

        Assert.Contains("-MaximumSize", error.Message, StringComparison.Ordinal);
        Assert.Empty(await InventoryAsync());
    }

    [Fact]
    public async Task An_archive_bomb_is_stopped_while_it_is_read()
    {
        var path = await SaveAsync(Archive.Gzip(new byte[50 << 20].Concat(s_image.ToOciLayoutTar()).ToArray()));
        var tar = await SaveAsync(Archive.Gzip(Archive.Tar(new Dictionary<string, byte[]> { ["zeros"] = new byte[50 << 20] })));

        // Zeros end a tar, so the first is never decompressed at all.
        await Assert.ThrowsAsync<InvalidContentException>(() => ImportAsync(path, options => options with { MaximumSize = 20 << 20 }));
        var error = await Assert.ThrowsAsync<InvalidContentException>(() => ImportAsync(tar, options => options with { MaximumSize = 20 << 20 }));

        Assert.Contains("bomb", error.Message, StringComparison.Ordinal);
        Assert.Empty(await InventoryAsync());
    }

    [Theory]
    [InlineData(ImportPhase.Reading)]
    [InlineData(ImportPhase.Writing)]
    [InlineData(ImportPhase.Unpacking)]
    public async Task A_cancelled_import_leaves_nothing(ImportPhase phase)
    {
        var path = await SaveAsync(Archive.Gzip(s_image.ToOciLayoutTar()));
        using var cancel = new CancellationTokenSource();
        var progress = new Listener(step =>
        {
            if (step.Phase == phase && step.Done > 0)
                cancel.Cancel();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            Client.Images.ImportAsync(new ArchiveImportOptions { Path = path, Snapshotter = "overlayfs" }, cancel.Token, progress));

        Assert.True(cancel.IsCancellationRequested);
        Assert.Empty(await InventoryAsync());
    }

    [Fact]
    public async Task A_snapshotter_that_is_not_there_leaves_nothing()
    {
        var path = await SaveAsync(s_image.ToOciLayoutTar());

        var error = await Assert.ThrowsAnyAsync<ContainerdException>(() => ImportAsync(path, options => options with { Snapshotter = "nosuch" }));

        Assert.Contains("nosuch", error.Message, StringComparison.Ordinal);
        Assert.Empty(await InventoryAsync());
    }

    private Task<IReadOnlyList<ImportedImage>> ImportAsync(string path, Func<ArchiveImportOptions, ArchiveImportOptions>? change = null)
    {
        var options = new ArchiveImportOptions { Path = path, Snapshotter = "overlayfs" };
        return Client.Images.ImportAsync(change?.Invoke(options) ?? options, Token);
    }

    private static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(7).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Flip(byte[] bytes)
    {
        bytes = [.. bytes];
        bytes[bytes.Length / 2] ^= 0x10;
        return bytes;
    }

    private static byte[] Swap(byte[] text, string what, string by)
    {
        var before = Encoding.UTF8.GetString(text);
        Assert.Contains(what, before, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(before.Replace(what, by, StringComparison.Ordinal));
    }

    private static string Digest(string blob) => "sha256:" + blob["blobs/sha256/".Length..];

    private static byte[] Change(Action<Dictionary<string, byte[]>, (string Manifest, string Config, string Layer)> change)
    {
        var files = Archive.Files(s_image.ToOciLayoutTar());
        var manifest = Archive.Blob((string)Archive.Parse(files["index.json"])["manifests"]![0]!["digest"]!);
        var parsed = Archive.Parse(files[manifest]);
        change(files, (manifest, Archive.Blob((string)parsed["config"]!["digest"]!), Archive.Blob((string)parsed["layers"]![0]!["digest"]!)));
        return Archive.Tar(files);
    }

    /// <summary>The layout with another bottom layer or config, and all digests as they should be.</summary>
    private static byte[] Rebuild(
        Func<byte[], byte[]>? layer = null, Action<JsonNode>? config = null, string type = MediaTypes.Layer, string? diffId = null, bool withExtra = true)
    {
        var files = Archive.Files((withExtra ? s_image : s_image with { Files = null }).ToOciLayoutTar());
        var index = Archive.Parse(files["index.json"]);
        var manifest = Archive.Parse(files[Archive.Blob((string)index["manifests"]![0]!["digest"]!)]);
        var parsedConfig = Archive.Parse(files[Archive.Blob((string)manifest["config"]!["digest"]!)]);
        if (layer is not null)
        {
            var bytes = layer(files[Archive.Blob((string)manifest["layers"]![0]!["digest"]!)]);
            manifest["layers"]![0] = Archive.Add(files, bytes, type);
            parsedConfig["rootfs"]!["diff_ids"]![0] = diffId ?? Archive.Digest(bytes);
        }

        config?.Invoke(parsedConfig);
        manifest["config"] = Archive.Add(files, Archive.Json(parsedConfig), MediaTypes.Config);
        var entry = Archive.Add(files, Archive.Json(manifest), MediaTypes.Manifest);
        entry["annotations"] = index["manifests"]![0]!["annotations"]!.DeepClone();
        index["manifests"]![0] = entry;
        files["index.json"] = Archive.Json(index);
        return Archive.Tar(files);
    }

    private static byte[] Extended(TarEntry entry)
    {
        var files = Archive.Files(s_image.ToOciLayoutTar()).Select(file =>
            (TarEntry)new PaxTarEntry(TarEntryType.RegularFile, file.Key) { DataStream = new MemoryStream(file.Value) });
        return Archive.Tar([entry, .. files]);
    }

    private static byte[] CutBeforeIndex()
    {
        var whole = s_image.ToOciLayoutTar();
        var name = whole.AsSpan().LastIndexOf("index.json"u8);
        return whole[..(name / 512 * 512)][..^1024];
    }

    private static byte[] NestedIndexes() => Change((files, _) =>
    {
        var entry = Archive.Parse(files["index.json"])["manifests"]![0]!;
        var annotations = entry["annotations"]!.DeepClone();
        for (var i = 0; i < 6; i++)
        {
            entry = Archive.Add(files, Archive.Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(entry.DeepClone()) }), MediaTypes.Index);
        }

        entry["annotations"] = annotations;
        files["index.json"] = Archive.Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(entry) });
    });

    private static byte[] Circle()
    {
        var docker = Archive.ToDocker(s_image.ToOciLayoutTar(), "x:1");
        var layer = docker.Keys.First(name => name.EndsWith("layer.tar", StringComparison.Ordinal));
        var files = docker.Where(file => file.Key != layer).Select(file =>
            (TarEntry)new PaxTarEntry(TarEntryType.RegularFile, file.Key) { DataStream = new MemoryStream(file.Value) });
        return Archive.Tar([.. files, new PaxTarEntry(TarEntryType.HardLink, layer) { LinkName = "loop" }, new PaxTarEntry(TarEntryType.HardLink, "loop") { LinkName = layer }]);
    }

    /// <summary>A tar whose first header claims an extended header of 8 GiB.</summary>
    private static byte[] HugeHeader(char type)
    {
        var header = new byte[1024];
        Encoding.ASCII.GetBytes("evil").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("77777777777\0").CopyTo(header, 124);
        Encoding.ASCII.GetBytes("        ").CopyTo(header, 148);
        header[156] = (byte)type;
        Encoding.ASCII.GetBytes("ustar\0" + "00").CopyTo(header, 257);
        Encoding.ASCII.GetBytes(Convert.ToString(header.Sum(value => value), 8).PadLeft(6, '0') + "\0 ").CopyTo(header, 148);
        return header;
    }

    private static byte[] Docker(Action<Dictionary<string, byte[]>> change)
    {
        var files = Archive.ToDocker(s_image.ToOciLayoutTar(), "victim:1");
        change(files);
        return Archive.Tar(files);
    }

    private sealed class Listener(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }
}

public sealed class HostileArchiveTests16(Server16 server) : HostileArchiveTests(server), IClassFixture<Server16>;

public sealed class HostileArchiveTests17(Server17 server) : HostileArchiveTests(server), IClassFixture<Server17>;

public sealed class HostileArchiveTests2(Server2 server) : HostileArchiveTests(server), IClassFixture<Server2>;

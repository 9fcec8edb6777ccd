using System.Formats.Tar;
using System.Text.Json.Nodes;
using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.Client.Snapshots;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Images;

/// <summary>
/// Files of a root file system, read both ways: from the directories that overlayfs would stack, and from the layers' blobs.
/// The oracle is what a container sees of the same paths.
/// </summary>
public abstract class RootFilesTests(ContainerdServer server) : ImageRig(server)
{
    // Bottom, middle, top.
    private static TarEntry[][] Layers() =>
    [
        [
            Directory("etc/"), File("etc/passwd", "bottom passwd"), File("etc/group", "bottom group"), File("etc/gone", "gone"), File("etc/file-then-directory", "x"),
            Directory("opaque/"), File("opaque/below", "hidden"), Directory("gone-directory/"), File("gone-directory/file", "x"),
            Directory("replaced/"), File("replaced/file", "x"), File("deep/er/file", "without directories"), File("real/shadow", "the real one"),
        ],
        [
            File("etc/group", "middle group"), File("etc/.wh.gone", ""), Link("etc/link", "group"), Link("etc/absolute", "/etc/passwd"), Link("etc/up", "../../../../etc/passwd"),
            Link("etc/chain", "link"), Link("etc/loop", "loop"), Link("etc/outside", "/../../../../../../etc/hostname"), Link("linked", "real"), Link("etc/directory-link", "../linked/shadow"),
            Link("etc/dangling", "nowhere"), File(".wh.gone-directory", ""), File("replaced", "now a file"), HardLink("etc/twin", "etc/group"), Link("etc/through-file", "group/x"),
        ],
        [
            Directory("opaque/"), File("opaque/.wh..wh..opq", ""), File("opaque/above", "shown"), Directory("etc/file-then-directory/"), File("etc/file-then-directory/in", "in"),
            File("./etc/dotted", "dotted"), File("etc/empty", ""), new PaxTarEntry(TarEntryType.Fifo, "etc/pipe"), new PaxTarEntry(TarEntryType.CharacterDevice, "etc/null") { DeviceMajor = 1, DeviceMinor = 3 },
        ],
    ];

    private static readonly Dictionary<string, string?> s_expected = new()
    {
        ["/etc/passwd"] = "bottom passwd",
        ["etc/passwd"] = "bottom passwd",
        ["//etc/./passwd"] = "bottom passwd",
        ["/etc/group"] = "middle group",
        ["/etc/gone"] = null,
        ["/etc/link"] = "middle group",
        ["/etc/absolute"] = "bottom passwd",
        ["/etc/up"] = "bottom passwd",
        ["/etc/chain"] = "middle group",
        ["/etc/loop"] = null,
        ["/etc/outside"] = null,
        ["/etc/directory-link"] = "the real one",
        ["/linked/shadow"] = "the real one",
        ["/linked/../etc/passwd"] = "bottom passwd",
        ["/etc/dangling"] = null,
        ["/etc/twin"] = "middle group",
        ["/etc/through-file"] = null,
        ["/etc/passwd/x"] = null,
        ["/opaque/below"] = null,
        ["/opaque/above"] = "shown",
        ["/gone-directory/file"] = null,
        ["/replaced/file"] = null,
        ["/replaced"] = "now a file",
        ["/deep/er/file"] = "without directories",
        ["/etc/file-then-directory/in"] = "in",
        ["/etc/file-then-directory"] = null,
        ["/etc/dotted"] = "dotted",
        ["/etc/empty"] = "",
        ["/etc"] = null,
        ["/etc/pipe"] = null,
        ["/etc/null"] = null,
        ["/nowhere"] = null,
        ["/../../../../../../../etc/passwd"] = "bottom passwd",
    };

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    public async Task A_file_is_what_a_container_would_see(string form)
    {
        var image = await ImportAsync(form);
        await using var lease = await Client.Leases.CreateAsync(Token);
        var mounts = await lease.Client.Images.PrepareSnapshotAsync(image.Content, "overlayfs", "prepared", Token);
        var view = await lease.Client.Snapshots("overlayfs").ViewAsync("viewed", image.ChainId, Token);

        var blobs = await new LayerFileReader(Client.Content, image.Content.Layers).ReadAsync([.. s_expected.Keys], Token);
        using var prepared = LayeredDirectory.TryOpen(mounts);
        using var viewed = LayeredDirectory.TryOpen(view);
        var files = Client.Images.Files(image.Content, mounts);

        foreach (var (path, text) in s_expected)
        {
            Assert.Equal((path, text), (path, blobs[path]));
            Assert.Equal((path, text), (path, await prepared!.ReadAsync(path, Token)));
            Assert.Equal((path, text), (path, await viewed!.ReadAsync(path, Token)));
            Assert.Equal((path, text), (path, await files.ReadAsync(path, Token)));
        }
    }

    [Fact]
    public async Task What_is_expected_here_is_what_a_container_sees()
    {
        var busybox = new PaxTarEntry(TarEntryType.RegularFile, "busybox")
        {
            DataStream = new MemoryStream(Archive.Files(TestImage.RootFsTar())["bin/busybox"]),
            Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute,
        };
        await ImportAsync("plain", [.. Layers().Select(Archive.Tar), Archive.Tar([busybox])]);
        // Not by its output, which ctr loses now and then.
        await CtrAsync("run", "example.test/layers:1", "sees", "/busybox", "sh", "-c",
            "for path in " + string.Join(' ', s_expected.Keys) + "; do [ -f $path ] && echo \"$path=$(/busybox cat $path)\"; done >/seen; true");
        var mounts = await Client.Snapshots("overlayfs").MountsAsync("sees", Token);

        var seen = await Client.Images.Files(null, mounts).ReadAsync("/seen", Token);
        await CtrAsync("containers", "rm", "sees");

        Assert.Equal(s_expected.Where(file => file.Value is not null).Select(file => $"{file.Key}={file.Value}"), seen!.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public async Task A_single_layer_s_view_is_a_bind_mount_and_is_read_too()
    {
        await Server.ImportTestImageAsync(new TestImage { Name = "example.test/one:1" }, Client.Namespace);
        var image = await Client.Images.ResolveAsync("example.test/one:1", Token);
        await using var lease = await Client.Leases.CreateAsync(Token);

        var mounts = await lease.Client.Snapshots("overlayfs").ViewAsync("viewed", image.ChainId, Token);

        Assert.Equal("bind", Assert.Single(mounts).Type);
        Assert.Contains("app:x:1000", await Client.Images.Files(null, mounts).ReadAsync("/etc/passwd", Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_container_has_written_since_is_seen_without_an_image_and_with_one_what_it_was_made_from()
    {
        await Server.ImportTestImageAsync(new TestImage { Name = "example.test/written:1" }, Client.Namespace);
        var image = await Client.Images.ResolveAsync("example.test/written:1", Token);
        await CtrAsync("run", "example.test/written:1", "writer", "sh", "-c", "echo new > /etc/new; rm /etc/group; rm -r /home; mkdir /home; mv /etc/passwd /etc/moved");
        var mounts = await Client.Snapshots("overlayfs").MountsAsync("writer", Token);

        var now = Client.Images.Files(null, mounts);
        Assert.Equal("new\n", await now.ReadAsync("/etc/new", Token));
        Assert.Null(await now.ReadAsync("/etc/group", Token));
        Assert.Null(await now.ReadAsync("/etc/passwd", Token));
        Assert.Contains("app:x:1000", await now.ReadAsync("/etc/moved", Token), StringComparison.Ordinal);
        await CtrAsync("containers", "rm", "writer");

        Assert.NotNull(await Client.Images.Files(image.Content, []).ReadAsync("/etc/group", Token));
    }

    [Fact]
    public async Task What_was_read_of_an_image_is_remembered_for_the_session()
    {
        var image = await ImportAsync("plain");
        Assert.Equal("bottom passwd", await Client.Images.Files(image.Content, []).ReadAsync("/etc/passwd", Token));
        await Client.Images.DeleteAsync(image.Name, collect: true, Token);

        // Both user files come with one reading.
        Assert.Equal("middle group", await Client.Images.Files(image.Content, []).ReadAsync("/etc/group", Token));
        await Assert.ThrowsAsync<NotFoundException>(async () => await Client.Images.Files(image.Content, []).ReadAsync("/etc/twin", Token));
    }

    [Fact]
    public async Task A_file_too_large_for_any_user_file_is_refused()
    {
        var layer = Archive.Tar([new PaxTarEntry(TarEntryType.RegularFile, "etc/passwd") { DataStream = new MemoryStream(new byte[(10 << 20) + 1]) }]);
        var image = await ImportAsync("plain", layer);
        await using var lease = await Client.Leases.CreateAsync(Token);
        var mounts = await lease.Client.Images.PrepareSnapshotAsync(image.Content, "overlayfs", "prepared", Token);

        var blobs = await Assert.ThrowsAsync<InvalidContentException>(async () => await Client.Images.Files(image.Content, []).ReadAsync("/etc/passwd", Token));
        var directories = await Assert.ThrowsAsync<InvalidContentException>(async () => await Client.Images.Files(null, mounts).ReadAsync("/etc/passwd", Token));

        Assert.Contains("/etc/passwd", blobs.Message, StringComparison.Ordinal);
        Assert.Contains("/etc/passwd", directories.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_image_and_without_directories_there_is_a_way_out()
    {
        Mount[] elsewhere = [new("ext4", "/dev/mapper/not-here", "", [])];

        var error = await Assert.ThrowsAsync<FailedPreconditionException>(async () => await Client.Images.Files(null, elsewhere).ReadAsync("/etc/passwd", Token));

        Assert.Contains("numbers instead of names", error.Message, StringComparison.Ordinal);
    }

    private async Task<ResolvedImage> ImportAsync(string form, params byte[][] layers)
    {
        if (layers.Length == 0)
            layers = [.. Layers().Select(Archive.Tar)];
        var files = new Dictionary<string, byte[]>();
        var descriptors = layers.Select(layer => form switch
        {
            "gzip" => Archive.Add(files, Archive.Gzip(layer), MediaTypes.LayerGzip),
            "zstd" => Archive.Add(files, Archive.Zstd(layer), MediaTypes.LayerZstd),
            _ => Archive.Add(files, layer, MediaTypes.Layer),
        }).ToArray<JsonNode>();
        var config = Archive.Add(files, Archive.Json(new JsonObject
        {
            ["architecture"] = Platform.Host.Architecture,
            ["os"] = "linux",
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray([.. layers.Select(layer => (JsonNode)Archive.Digest(layer))]) },
        }), MediaTypes.Config);
        var manifest = Archive.Add(files, Archive.Json(new JsonObject { ["schemaVersion"] = 2, ["config"] = config, ["layers"] = new JsonArray(descriptors) }), MediaTypes.Manifest);
        files["index.json"] = Archive.Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(manifest) });
        await Client.Images.ImportAsync(
            new ArchiveImportOptions { Path = await SaveAsync(Archive.Tar(files)), Name = "example.test/layers:1", Snapshotter = "overlayfs" }, Token);
        return await Client.Images.ResolveAsync("example.test/layers:1", Token);
    }

    private static PaxTarEntry File(string name, string text) => new(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text)) };

    private static PaxTarEntry Directory(string name) => new(TarEntryType.Directory, name) { Mode = UnixFileMode.UserRead | UnixFileMode.UserExecute };

    private static PaxTarEntry Link(string name, string target) => new(TarEntryType.SymbolicLink, name) { LinkName = target };

    private static PaxTarEntry HardLink(string name, string target) => new(TarEntryType.HardLink, name) { LinkName = target };
}

public sealed class RootFilesTests16(Server16 server) : RootFilesTests(server), IClassFixture<Server16>;

public sealed class RootFilesTests17(Server17 server) : RootFilesTests(server), IClassFixture<Server17>;

public sealed class RootFilesTests2(Server2 server) : RootFilesTests(server), IClassFixture<Server2>;

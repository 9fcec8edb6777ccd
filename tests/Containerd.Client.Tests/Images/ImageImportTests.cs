using System.Formats.Tar;
using System.Text.Json.Nodes;
using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Images;

public abstract class ImageImportTests(ContainerdServer server) : ImageRig(server)
{
    private static readonly TestImage s_image = new() { Name = "example.test/app:1", Cmd = ["grep", "-qx", "it runs", "/extra"], Files = new Dictionary<string, string> { ["/extra"] = "it runs" } };

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("gzip layers")]
    public async Task An_OCI_layout_is_imported_and_runs(string form)
    {
        var tar = (s_image with { Compressed = form == "gzip layers" }).ToOciLayoutTar();
        var path = await SaveAsync(form switch { "gzip" => Archive.Gzip(tar), "zstd" => Archive.Zstd(tar), _ => tar });

        var imported = Assert.Single(await ImportAsync(path));

        Assert.True(imported.IsUnpacked);
        Assert.Equal(s_image.Name, imported.Image.Name);
        Assert.Equal(imported.Image, await Client.Images.GetAsync(s_image.Name, Token), ImageComparer.Instance);
        await AssertWholeAsync(s_image.Name);
    }

    [Fact]
    public async Task An_import_makes_the_content_that_ctr_makes()
    {
        var path = await SaveAsync(s_image.ToOciLayoutTar());
        var ctr = await ConnectAsync(Server.NewNamespace());
        await Server.CtrAsync("--namespace", ctr.Namespace, "images", "import", path);
        await ctr.Images.ResolveAsync(s_image.Name, Token);

        await ImportAsync(path);

        var byCtr = await ctr.Images.GetAsync(s_image.Name, Token);
        var ours = await Client.Images.GetAsync(s_image.Name, Token);
        Assert.Equal((byCtr.Digest, byCtr.MediaType, byCtr.Size), (ours.Digest, ours.MediaType, ours.Size));
        await foreach (var blob in Client.Content.ListAsync([], Token))
        {
            var other = await ctr.Content.InfoAsync(blob.Digest, Token);
            Assert.Equal(WithoutSource(other), WithoutSource(blob));
        }

        static IEnumerable<string> WithoutSource(ContentBlob blob) =>
            blob.Labels.Where(label => !label.Key.StartsWith("containerd.io/distribution", StringComparison.Ordinal)).Select(label => label.ToString()).Order();
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    [InlineData("gzip layers")]
    [InlineData("zstd layers")]
    public async Task What_docker_save_writes_is_imported_and_runs(string form)
    {
        var docker = Archive.ToDocker(s_image.ToOciLayoutTar(), "app:2", "example.test/other:3");
        foreach (var layer in docker.Keys.Where(name => name.EndsWith("layer.tar", StringComparison.Ordinal)).ToList())
            docker[layer] = form switch { "gzip layers" => Archive.Gzip(docker[layer]), "zstd layers" => Archive.Zstd(docker[layer]), _ => docker[layer] };
        var tar = Archive.Tar(docker);
        var path = await SaveAsync(form == "gzip" ? Archive.Gzip(tar) : tar);

        var imported = await ImportAsync(path);

        Assert.Equal(["docker.io/library/app:2", "example.test/other:3"], imported.Select(image => image.Image.Name));
        Assert.Single(imported.Select(image => image.Image.Digest).Distinct());
        await AssertWholeAsync("docker.io/library/app:2");
    }

    [Fact]
    public async Task Layers_that_are_links_to_other_images_layers_are_found()
    {
        var docker = Archive.ToDocker(s_image.ToOciLayoutTar(), "linked:1");
        var layers = docker.Keys.Where(name => name.EndsWith("layer.tar", StringComparison.Ordinal)).ToList();
        var entries = docker.Where(file => file.Key != layers[0] && file.Key != layers[1]).Select(File).ToList();
        entries.Insert(0, new PaxTarEntry(TarEntryType.SymbolicLink, layers[0]) { LinkName = "../shared/layer.tar" });
        entries.Add(new PaxTarEntry(TarEntryType.Directory, "shared/"));
        entries.Add(File(new("shared/layer.tar", docker[layers[0]])));
        entries.Add(File(new("./hard.tar", docker[layers[1]])));
        entries.Add(new PaxTarEntry(TarEntryType.HardLink, layers[1]) { LinkName = "hard.tar" });

        await ImportAsync(await SaveAsync(Archive.Tar(entries)));

        await AssertWholeAsync("docker.io/library/linked:1");

        static TarEntry File(KeyValuePair<string, byte[]> file) => new PaxTarEntry(TarEntryType.RegularFile, file.Key) { DataStream = new MemoryStream(file.Value) };
    }

    [Fact]
    public async Task An_index_keeps_all_its_platforms_and_unpacks_the_server_s()
    {
        var (files, here, there) = MultiPlatform();

        var imported = Assert.Single(await ImportAsync(await SaveAsync(Archive.Tar(files))));
        await CollectGarbageAsync();

        Assert.Equal([Platform.Host.ToString(), "linux/s390x"], imported.Image.Platforms);
        Assert.Equal(MediaTypes.Index, imported.Image.MediaType);
        await AssertWholeAsync("example.test/multi:1");
        Assert.Equal(here, (await Client.Images.ResolveAsync("example.test/multi:1", Token)).Content.Manifest.Digest);
        var other = await Client.Images.ResolveAsync("example.test/multi:1", Token, Platform.Parse("linux/s390x"));
        Assert.Equal((there, "s390x"), (other.Content.Manifest.Digest, other.Config.Architecture));
        Assert.False(await Client.Snapshots("overlayfs").ExistsAsync(other.ChainId, Token));
    }

    [Fact]
    public async Task A_platform_that_is_asked_for_is_the_only_one_imported()
    {
        var (files, here, _) = MultiPlatform();

        var imported = Assert.Single(await ImportAsync(await SaveAsync(Archive.Tar(files)), options => options with { Platform = Platform.Parse("linux/s390x") }));
        await CollectGarbageAsync();

        Assert.True(imported.IsUnpacked);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Content.InfoAsync(here, Token));
        var error = await Assert.ThrowsAsync<NotFoundException>(async () =>
            await ImportAsync(await SaveAsync(Archive.Tar(files)), options => options with { Platform = Platform.Parse("linux/riscv64") }));
        Assert.Contains("linux/riscv64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archive_of_one_platform_that_still_lists_others_is_imported()
    {
        var (files, _, there) = MultiPlatform();
        var manifest = Archive.Parse(files[Archive.Blob(there)]);
        files.Remove(Archive.Blob((string)manifest["layers"]![0]!["digest"]!));

        var imported = Assert.Single(await ImportAsync(await SaveAsync(Archive.Tar(files))));

        Assert.True(imported.IsUnpacked);
        await AssertWholeAsync("example.test/multi:1");
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Content.InfoAsync(there, Token));
    }

    [Fact]
    public async Task A_name_that_is_given_is_the_image_s_name()
    {
        var path = await SaveAsync(s_image.ToOciLayoutTar());

        var imported = Assert.Single(await ImportAsync(path, options => options with { Name = "renamed", Labels = new Dictionary<string, string> { ["a"] = "b" }, Unpack = false }));

        Assert.Equal("docker.io/library/renamed:latest", imported.Image.Name);
        Assert.Equal("b", imported.Image.Labels["a"]);
        Assert.False(imported.IsUnpacked);
        Assert.Empty(await Client.Snapshots("overlayfs").ListAsync([], Token).ToListAsync(Token));
        Assert.Single(await Client.Images.ListAsync([], Token));
    }

    [Fact]
    public async Task An_archive_without_a_name_asks_for_one()
    {
        var nameless = WithIndexEntry(entry => entry.Remove("annotations"));
        var tagOnly = WithIndexEntry(entry => entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = "1.2" });
        var docker = Archive.Tar(Archive.ToDocker(s_image.ToOciLayoutTar()));

        foreach (var archive in new[] { nameless, tagOnly, docker })
        {
            var error = await Assert.ThrowsAsync<InvalidArgumentException>(async () => await ImportAsync(await SaveAsync(archive)));
            Assert.Equal("Name", error.Parameter);
            Assert.Contains("-Name", error.Message, StringComparison.Ordinal);
        }

        var full = WithIndexEntry(entry => entry["annotations"] = new JsonObject { ["org.opencontainers.image.ref.name"] = "web:1.2" });
        Assert.Equal("docker.io/library/web:1.2", Assert.Single(await ImportAsync(await SaveAsync(full))).Image.Name);
    }

    [Fact]
    public async Task Importing_again_changes_nothing_and_another_content_moves_the_name()
    {
        var path = await SaveAsync(s_image.ToOciLayoutTar());
        await ImportAsync(path);
        await CollectGarbageAsync();
        var before = await InventoryAsync();

        await ImportAsync(path);
        await CollectGarbageAsync();
        Assert.Equal(before, await InventoryAsync());
        var moved = Assert.Single(await ImportAsync(await SaveAsync((s_image with { Cmd = ["true"] }).ToOciLayoutTar())));

        Assert.Equal(moved.Image.Digest, (await Client.Images.GetAsync(s_image.Name, Token)).Digest);
        Assert.DoesNotContain(before, line => line.EndsWith(moved.Image.Digest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task T20_an_import_is_safe_from_a_collection_in_its_middle()
    {
        var path = await SaveAsync(s_image.ToOciLayoutTar());
        var other = await ConnectAsync(Client.Namespace);
        var collections = 0;
        var progress = new Listener(_ =>
        {
            // In the way of the import on purpose: nothing of it may be written before the collection is over.
            var lease = other.Leases.CreateAsync(Token).GetAwaiter().GetResult();
            lease.AbandonAsync(Token).GetAwaiter().GetResult();
            collections++;
        });

        await Client.Images.ImportAsync(new ArchiveImportOptions { Path = path, Snapshotter = "overlayfs" }, Token, progress);

        Assert.True(collections > 4);
        await AssertWholeAsync(s_image.Name);
    }

    [Fact]
    public async Task Progress_goes_from_nothing_to_all_of_it()
    {
        var image = s_image with { Compressed = true };
        var path = await SaveAsync(Archive.Gzip(image.ToOciLayoutTar()));
        var seen = new List<ImportProgress>();

        await Client.Images.ImportAsync(new ArchiveImportOptions { Path = path, Snapshotter = "overlayfs" }, Token, new Listener(seen.Add));

        Assert.Equal([ImportPhase.Reading, ImportPhase.Writing, ImportPhase.Unpacking], seen.Select(step => step.Phase).Distinct());
        foreach (var phase in seen.GroupBy(step => step.Phase))
        {
            Assert.Equal(phase.Select(step => step.Done).Order(), phase.Select(step => step.Done));
            Assert.All(phase, step => Assert.True(step.Done <= step.Total, $"{step}"));
        }

        Assert.Equal(new FileInfo(path).Length, seen.Last(step => step.Phase == ImportPhase.Reading).Total);
        Assert.Equal((2, 2), (seen[^1].Done, seen[^1].Total));
        Assert.Equal(seen.Last(step => step.Phase == ImportPhase.Writing).Total, seen.Last(step => step.Phase == ImportPhase.Writing).Done);
    }

    [Fact]
    public async Task Many_imports_of_the_same_layers_at_once_all_succeed()
    {
        var paths = new List<string>();
        for (var i = 0; i < 8; i++)
            paths.Add(await SaveAsync((s_image with { Name = $"example.test/many:{i % 4}" }).ToOciLayoutTar()));

        await Task.WhenAll(paths.Select(path => ImportAsync(path)));

        Assert.Equal(4, (await Client.Images.ListAsync([], Token)).Count);
        for (var i = 0; i < 4; i++)
            await AssertWholeAsync($"example.test/many:{i}");
        Assert.DoesNotContain(await InventoryAsync(), line => line.StartsWith("snapshot extract", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_daemon_that_restarts_in_its_middle_ends_an_import_and_nothing_stays()
    {
        var path = await SaveAsync(s_image.ToOciLayoutTar());
        Task? restart = null;
        var progress = new Listener(step =>
        {
            if (restart is null && step.Phase == ImportPhase.Writing && step.Done > 0)
            {
                Server.KillAsync().GetAwaiter().GetResult();
                restart = Server.RestartAsync();
            }
        });

        var error = await Assert.ThrowsAsync<ConnectionException>(() =>
            Client.Images.ImportAsync(new ArchiveImportOptions { Path = path, Snapshotter = "overlayfs" }, Token, progress));
        await restart!;

        Assert.Equal("NoServer", error.ErrorId);
        Assert.Empty(await InventoryAsync());
    }

    private Task<IReadOnlyList<ImportedImage>> ImportAsync(string path, Func<ArchiveImportOptions, ArchiveImportOptions>? change = null)
    {
        var options = new ArchiveImportOptions { Path = path, Snapshotter = "overlayfs" };
        return Client.Images.ImportAsync(change?.Invoke(options) ?? options, Token);
    }

    /// <summary>The oracle: ctr finds the image complete and exports it, a container of it says what it should, also after a collection.</summary>
    private async Task AssertWholeAsync(string name)
    {
        await CollectGarbageAsync();
        Assert.Empty(await Client.Leases.ListAsync([], Token));
        Assert.Empty(await Client.Content.ListIngestsAsync([], Token));
        Assert.Contains("complete", await CtrAsync("images", "check", $"name=={name}"), StringComparison.Ordinal);

        // By its exit code: ctr loses output of short processes now and then.
        await CtrAsync("run", "--rm", name, "whole");
        var export = Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N") + ".tar");

        // Through the daemon, as ctr 2 does it by default, it may exit before all of the file is written.
        string[] local = Server.Generation == ServerGeneration.Containerd2 ? ["--local"] : [];
        await CtrAsync(["images", "export", .. local, export, name]);
        Assert.Contains("index.json", Archive.Files(await File.ReadAllBytesAsync(export, Token)).Keys);
        File.Delete(export);
    }

    private static byte[] WithIndexEntry(Action<JsonObject> change)
    {
        var files = Archive.Files(s_image.ToOciLayoutTar());
        var index = Archive.Parse(files["index.json"]);
        change(index["manifests"]![0]!.AsObject());
        files["index.json"] = Archive.Json(index);
        return Archive.Tar(files);
    }

    /// <summary>A layout of an index for this platform and s390x, and an attestation beside them, as BuildKit writes it.</summary>
    private static (Dictionary<string, byte[]> Files, string Here, string There) MultiPlatform()
    {
        var files = Archive.Files(s_image.ToOciLayoutTar());
        var here = (JsonObject)Archive.Parse(files["index.json"])["manifests"]![0]!.DeepClone();
        here.Remove("annotations");
        here["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = Platform.Host.Architecture };

        var layer = Archive.Tar(new Dictionary<string, byte[]> { ["file"] = "elsewhere"u8.ToArray() });
        var config = Archive.Add(files, Archive.Json(new JsonObject
        {
            ["architecture"] = "s390x",
            ["os"] = "linux",
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray(Archive.Digest(layer)) },
        }), MediaTypes.Config);
        var there = Archive.Add(files, Manifest(config, Archive.Add(files, layer, MediaTypes.Layer)), MediaTypes.Manifest);
        there["platform"] = new JsonObject { ["os"] = "linux", ["architecture"] = "s390x" };

        var about = Archive.Add(files, Manifest(
            Archive.Add(files, "{}"u8.ToArray(), "application/vnd.oci.empty.v1+json"),
            Archive.Add(files, """{"predicate":1}"""u8.ToArray(), "application/vnd.in-toto+json")), MediaTypes.Manifest);
        about["platform"] = new JsonObject { ["os"] = "unknown", ["architecture"] = "unknown" };
        about["annotations"] = new JsonObject { ["vnd.docker.reference.type"] = "attestation-manifest" };

        var index = Archive.Add(files, Archive.Json(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.Index,
            ["manifests"] = new JsonArray(here.DeepClone(), there.DeepClone(), about),
        }), MediaTypes.Index);
        index["annotations"] = new JsonObject { ["io.containerd.image.name"] = "example.test/multi:1" };
        files["index.json"] = Archive.Json(new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(index) });
        return (files, (string)here["digest"]!, (string)there["digest"]!);

        static byte[] Manifest(JsonObject config, JsonObject layer) => Archive.Json(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaTypes.Manifest,
            ["config"] = config,
            ["layers"] = new JsonArray(layer),
        });
    }

    private sealed class Listener(Action<ImportProgress> report) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => report(value);
    }

    private sealed class ImageComparer : IEqualityComparer<Image>
    {
        public static ImageComparer Instance { get; } = new();

        public bool Equals(Image? x, Image? y) => x is not null && y is not null
            && (x.Name, x.Digest, x.Size, x.CreatedAt, x.UpdatedAt) == (y.Name, y.Digest, y.Size, y.CreatedAt, y.UpdatedAt) && x.Platforms.SequenceEqual(y.Platforms);

        public int GetHashCode(Image image) => image.Digest.GetHashCode(StringComparison.Ordinal);
    }
}

public sealed class ImageImportTests16(Server16 server) : ImageImportTests(server), IClassFixture<Server16>;

public sealed class ImageImportTests17(Server17 server) : ImageImportTests(server), IClassFixture<Server17>;

public sealed class ImageImportTests2(Server2 server) : ImageImportTests(server), IClassFixture<Server2>;

using System.Text.Json;
using Containerd.Client.Content;
using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Images;

public abstract class ImageStoreTests(ContainerdServer server) : ImageRig(server)
{
    [Fact]
    public async Task An_image_is_found_by_every_name_a_user_has_for_it()
    {
        await ImportByCtrAsync(new TestImage { Name = "docker.io/library/web:latest" });
        var byName = await Client.Images.GetAsync("docker.io/library/web:latest", Token);

        foreach (var name in new[] { "web", "web:latest", "library/web", "docker.io/library/web", byName.Digest, byName.Digest[7..], byName.Digest[7..19], byName.Digest[..20] })
            Assert.Equal(byName.Name, (await Client.Images.FindAsync(name, Token)).Name);
        Assert.Equal((Client.Session, Client.Namespace), (byName.Session, byName.Namespace));
        Assert.Equal([Platform.Host.ToString()], byName.Platforms);
        Assert.Equal(await ContentSizeAsync(byName.Digest), byName.Size);
        Assert.Contains(byName.Name, await CtrAsync("images", "list", "--quiet"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_such_image_says_the_name_and_what_else_was_tried()
    {
        var error = await Assert.ThrowsAsync<NotFoundException>(() => Client.Images.ResolveAsync("nope", Token));

        Assert.Equal((ResourceKind.Image, "nope", "NoSuchImage"), (error.Kind, error.Id, error.ErrorId));
        Assert.Contains("docker.io/library/nope:latest", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Images.GetAsync("nope", Token));
        await Assert.ThrowsAsync<InvalidArgumentException>(() => Client.Images.FindAsync(" ", Token));
    }

    [Fact]
    public async Task A_resolved_image_has_its_config_and_unpacks_to_its_chain()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/two:1", User = "app", Files = new Dictionary<string, string> { ["/x"] = "y" } });

        var image = await Client.Images.ResolveAsync("example.test/two:1", Token);
        var chain = await Client.Images.EnsureUnpackedAsync(image.Content, "overlayfs", Token);

        Assert.Equal("app", image.Config.Config.User);
        Assert.Equal(2, image.Content.Layers.Count);
        Assert.Equal(ChainId.Of(image.Config.DiffIds), chain);
        Assert.Equal(SnapshotKind.Committed, (await Client.Snapshots("overlayfs").StatAsync(chain, Token)).Kind);
    }

    [Fact]
    public async Task Unpacking_makes_what_ctr_makes()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/un:1", Files = new Dictionary<string, string> { ["/x"] = "y" }, Compressed = true });
        await CollectGarbageAsync();
        var byCtr = await StateAsync();
        Assert.Contains(byCtr, line => line.Contains("gc.ref.snapshot.overlayfs", StringComparison.Ordinal));
        await ForgetUnpackAsync();
        var image = await Client.Images.ResolveAsync("example.test/un:1", Token);
        var seen = new List<UnpackProgress>();

        await Client.Images.EnsureUnpackedAsync(image.Content, "overlayfs", Token, new Listener(seen));
        await CollectGarbageAsync();

        Assert.Equal(byCtr, await StateAsync());
        Assert.Equal([new(0, 2), new(1, 2), new(2, 2)], seen);
        Assert.Empty(await Client.Leases.ListAsync([], Token));
        Assert.Equal("y", await CtrAsync("run", "--rm", "example.test/un:1", "unpacked", "cat", "/x"));
    }

    [Fact]
    public async Task An_image_keeps_the_snapshots_that_another_one_brought()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/first:1" });
        await Client.Images.ImportAsync(
            new ArchiveImportOptions { Path = await SaveAsync(new TestImage { Name = "example.test/second:1", Cmd = ["true"] }.ToOciLayoutTar()) }, Token);
        var second = await Client.Images.ResolveAsync("example.test/second:1", Token);

        await Client.Images.DeleteAsync("example.test/first:1", collect: true, Token);

        Assert.True(await Client.Snapshots("overlayfs").ExistsAsync(second.ChainId, Token));
    }

    [Fact]
    public async Task T20_snapshots_that_go_while_an_image_is_unpacked_do_not_fail_it()
    {
        var image = new TestImage { Name = "example.test/race:1", Files = new Dictionary<string, string> { ["/x"] = "y" } };
        await ImportByCtrAsync(image);
        await ForgetUnpackAsync();
        var resolved = await Client.Images.ResolveAsync(image.Name, Token);
        await using (var other = await Client.Leases.CreateAsync(Token))
        {
            await UnpackBottomAsync(other.Client, resolved);
            Assert.Single(await Client.Snapshots("overlayfs").ListAsync([], Token).ToListAsync(Token));
        }

        // Nothing but the other's lease held that snapshot, and the lease is gone: a collection comes before the second layer.
        await Client.Images.EnsureUnpackedAsync(resolved.Content, "overlayfs", Token, new Listener([], step =>
        {
            if (step.Layer == 1)
                CollectGarbageAsync().GetAwaiter().GetResult();
        }));

        Assert.True(await Client.Snapshots("overlayfs").ExistsAsync(resolved.ChainId, Token));
    }

    [Fact]
    public async Task A_layer_that_unpacks_to_something_else_than_its_config_says_leaves_nothing()
    {
        var image = new TestImage { Name = "example.test/liar:1" };
        await ImportByCtrAsync(image);
        await ForgetUnpackAsync();
        var resolved = await Client.Images.ResolveAsync(image.Name, Token);
        var other = Digest.Of("other"u8).ToString();
        var liar = new PlatformImage(
            resolved.Content.Manifest,
            new ImageManifest(resolved.Content.ConfigDescriptor, resolved.Content.Layers),
            resolved.Config with { RootFs = new RootFileSystem { DiffIds = [other] } });

        var error = await Assert.ThrowsAsync<InvalidContentException>(() => Client.Images.EnsureUnpackedAsync(liar, "overlayfs", Token));

        Assert.Contains(other, error.Message, StringComparison.Ordinal);
        Assert.Empty(await Client.Snapshots("overlayfs").ListAsync([], Token).ToListAsync(Token));
        Assert.Empty(await Client.Leases.ListAsync([], Token));
    }

    [Fact]
    public async Task A_container_s_snapshot_is_prepared_also_where_the_image_is_not_unpacked_yet()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/lazy:1" });
        await ForgetUnpackAsync();
        var image = await Client.Images.ResolveAsync("example.test/lazy:1", Token);
        await using var lease = await Client.Leases.CreateAsync(Token);

        var mounts = await lease.Client.Images.PrepareSnapshotAsync(image.Content, "overlayfs", "mine", Token);

        Assert.Equal("overlay", Assert.Single(mounts).Type);
        Assert.Equal(image.ChainId, (await Client.Snapshots("overlayfs").StatAsync("mine", Token)).Parent);
        var error = await Assert.ThrowsAsync<AlreadyExistsException>(() => lease.Client.Images.PrepareSnapshotAsync(image.Content, "overlayfs", "mine", Token));
        Assert.Equal("IdInUse", error.ErrorId);
    }

    [Fact]
    public async Task A_name_that_exists_is_pointed_elsewhere_and_keeps_its_other_labels()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/a:1" });
        await ImportByCtrAsync(new TestImage { Name = "example.test/b:1", Cmd = ["true"] });
        await CtrAsync("images", "label", "example.test/a:1", "kept=yes");
        var b = await Client.Images.ResolveAsync("example.test/b:1", Token);

        var updated = await Client.Images.CreateOrUpdateAsync("example.test/a:1", b.Content.Manifest, new Dictionary<string, string> { ["new"] = "too" }, Token);
        var created = await Client.Images.CreateOrUpdateAsync("example.test/c:1", b.Content.Manifest, new Dictionary<string, string>(), Token);

        Assert.Equal(b.Image.Digest, updated.Digest);
        Assert.Equal(("yes", "too"), (updated.Labels["kept"], updated.Labels["new"]));
        Assert.Equal(b.Image.Digest, created.Digest);
        Assert.Equal(["example.test/a:1", "example.test/b:1", "example.test/c:1"], (await Client.Images.ListAsync([], Token)).Select(image => image.Name));
    }

    [Fact]
    public async Task Deleting_with_collection_takes_content_and_snapshots_along()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/gone:1" });

        await Client.Images.DeleteAsync("example.test/gone:1", collect: true, Token);

        Assert.Empty(await InventoryAsync());
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Images.DeleteAsync("example.test/gone:1", collect: false, Token));
    }

    [Fact]
    public async Task What_is_no_image_or_lies_about_its_size_is_still_listed()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        async Task<ContentDescriptor> WriteAsync(string text, string type)
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            var blob = await lease.Client.Content.WriteAsync(new ContentToWrite(text[..4]), new MemoryStream(bytes), Token);
            return new ContentDescriptor(type, blob.Digest, blob.Size);
        }

        var config = await WriteAsync("{}  ", "application/vnd.cncf.helm.config.v1+json");
        var layer = new ContentDescriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip", Archive.Digest([1]), long.MaxValue);
        var manifest = new ImageManifest(config, [layer, layer with { Digest = Archive.Digest([2]) }]).ToUtf8Bytes();
        var chart = await WriteAsync(System.Text.Encoding.UTF8.GetString(manifest), MediaTypes.Manifest);
        var text = await WriteAsync("just a text", "text/plain");
        await Client.Images.CreateOrUpdateAsync("example.test/chart:1", chart, new Dictionary<string, string>(), Token);
        await Client.Images.CreateOrUpdateAsync("example.test/text:1", text, new Dictionary<string, string>(), Token);

        var images = await Client.Images.ListAsync([], Token);

        Assert.Equal([("example.test/chart:1", long.MaxValue), ("example.test/text:1", null)], images.Select(image => (image.Name, image.Size)));
        Assert.All(images, image => Assert.Empty(image.Platforms));
    }

    [Fact]
    public async Task An_image_whose_content_is_gone_is_still_listed()
    {
        await ImportByCtrAsync(new TestImage { Name = "example.test/hollow:1" });
        var image = await (await ConnectAsync(Client.Namespace)).Images.GetAsync("example.test/hollow:1", Token);
        await Client.Content.DeleteAsync(image.Digest, Token);

        var hollow = Assert.Single(await Client.Images.ListAsync([], Token));

        Assert.Null(hollow.Size);
        Assert.Empty(hollow.Platforms);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Images.ResolveAsync("example.test/hollow:1", Token));
    }

    private async Task ImportByCtrAsync(TestImage image) => await Server.ImportTestImageAsync(image, Client.Namespace);

    /// <summary>Removes the snapshots of all images, and the labels that a later unpack has to set.</summary>
    private async Task ForgetUnpackAsync()
    {
        await CollectGarbageAsync();
        await foreach (var blob in Client.Content.ListAsync([], Token))
        {
            var labels = blob.Labels.Keys.Where(key => key.StartsWith("containerd.io/gc.ref.snapshot", StringComparison.Ordinal) || key == "containerd.io/uncompressed");
            await Client.Content.UpdateLabelsAsync(blob.Digest, labels.ToDictionary(key => key, _ => ""), Token);
        }

        await CollectGarbageAsync();
        Assert.Empty(await Client.Snapshots("overlayfs").ListAsync([], Token).ToListAsync(Token));
    }

    /// <summary>Snapshots and labels as text, without what is different every time or between ctr's versions.</summary>
    private async Task<IReadOnlyList<string>> StateAsync()
    {
        var lines = new List<string>();
        await foreach (var blob in Client.Content.ListAsync([], Token))
            lines.AddRange(blob.Labels.Where(label => !label.Key.StartsWith("containerd.io/distribution", StringComparison.Ordinal)).Select(label => $"{blob.Digest} {label.Key}={label.Value}"));
        await foreach (var snapshot in Client.Snapshots("overlayfs").ListAsync([], Token))
            lines.Add($"{snapshot.Key} on {snapshot.Parent} {snapshot.Kind}");
        lines.Sort(StringComparer.Ordinal);
        return lines;
    }

    /// <summary>The size of an image of one platform, from its manifest as it is in the store.</summary>
    private async Task<long> ContentSizeAsync(string manifestDigest)
    {
        var bytes = await Client.Content.ReadAsync(manifestDigest, 1 << 20, Token);
        using var manifest = JsonDocument.Parse(bytes);
        return bytes.Length + manifest.RootElement.GetProperty("config").GetProperty("size").GetInt64()
            + manifest.RootElement.GetProperty("layers").EnumerateArray().Sum(layer => layer.GetProperty("size").GetInt64());
    }

    /// <summary>Unpacks the bottom layer alone, as an unpack does that fails at the second.</summary>
    private static async Task UnpackBottomAsync(ContainerdClient client, ResolvedImage image)
    {
        var bottom = image.Config.DiffIds[0];
        var snapshots = client.Snapshots("overlayfs");
        var mounts = await snapshots.PrepareAsync("bottom", "", Token);
        await client.LayerDiff.ApplyAsync(image.Content.Layers[0], mounts, Token);
        await snapshots.CommitAsync(bottom, "bottom", Token);
    }

    private sealed class Listener(List<UnpackProgress> seen, Action<UnpackProgress>? report = null) : IProgress<UnpackProgress>
    {
        public void Report(UnpackProgress value)
        {
            seen.Add(value);
            report?.Invoke(value);
        }
    }
}

public sealed class ImageStoreTests16(Server16 server) : ImageStoreTests(server), IClassFixture<Server16>;

public sealed class ImageStoreTests17(Server17 server) : ImageStoreTests(server), IClassFixture<Server17>;

public sealed class ImageStoreTests2(Server2 server) : ImageStoreTests(server), IClassFixture<Server2>;

using Containerd.Client.Tests.Images;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Snapshots;

public abstract class SnapshotterTests(ContainerdServer server) : ImageRig(server)
{
    [Fact]
    public async Task A_snapshot_is_prepared_committed_built_on_and_removed()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var snapshots = lease.Client.Snapshots("overlayfs");
        await snapshots.PrepareAsync("work", "", Token);
        Assert.Equal((SnapshotKind.Active, ""), ((await snapshots.StatAsync("work", Token)).Kind, (await snapshots.StatAsync("work", Token)).Parent));

        await snapshots.CommitAsync("layer", "work", Token, new Dictionary<string, string> { ["a"] = "b" });
        var view = await snapshots.ViewAsync("look", "layer", Token);
        var top = await snapshots.PrepareAsync("top", "layer", Token);

        Assert.False(await snapshots.ExistsAsync("work", Token));
        Assert.Contains("ro", Assert.Single(view).Options);
        Assert.Equal("overlay", Assert.Single(top).Type);
        Assert.Equal(top[0].Options, Assert.Single(await snapshots.MountsAsync("top", Token)).Options);
        Assert.Equal(
            ["layer Committed ", "look View layer", "top Active layer"],
            (await snapshots.ListAsync([], Token).ToListAsync(Token)).Select(snapshot => $"{snapshot.Key} {snapshot.Kind} {snapshot.Parent}").Order());
        Assert.Equal(["look", "top"], (await snapshots.ListAsync(["parent==layer"], Token).ToListAsync(Token)).Select(snapshot => snapshot.Key).Order());
        Assert.True((await snapshots.UsageAsync("layer", Token)).Inodes >= 1);

        await snapshots.RemoveAsync("look", Token);
        var inUse = await Assert.ThrowsAsync<FailedPreconditionException>(() => snapshots.RemoveAsync("layer", Token));
        Assert.Contains("layer", inUse.Message, StringComparison.Ordinal);
        await snapshots.RemoveAsync("top", Token);
        await snapshots.RemoveAsync("layer", Token);
        Assert.Empty(await snapshots.ListAsync([], Token).ToListAsync(Token));
    }

    [Fact]
    public async Task T21_labelling_one_thing_leaves_the_other_labels_alone()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var snapshots = lease.Client.Snapshots("overlayfs");
        await snapshots.PrepareAsync("labelled", "", Token, new Dictionary<string, string> { ["keep"] = "1", ["change"] = "1", ["drop"] = "1" });

        var updated = await snapshots.UpdateLabelsAsync("labelled", new Dictionary<string, string> { ["change"] = "2", ["drop"] = "", ["new.key/x"] = "3" }, Token);

        Assert.Equal(["change=2", "keep=1", "new.key/x=3"], Texts(updated.Labels));
        Assert.Equal(Texts(updated.Labels), Texts((await snapshots.StatAsync("labelled", Token)).Labels));
    }

    [Fact]
    public async Task What_is_missing_or_there_already_is_an_error_of_that_name()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var snapshots = lease.Client.Snapshots("overlayfs");
        await snapshots.PrepareAsync("there", "", Token);

        var missing = await Assert.ThrowsAsync<NotFoundException>(() => snapshots.StatAsync("nowhere", Token));
        var noParent = await Assert.ThrowsAsync<NotFoundException>(() => snapshots.PrepareAsync("child", "nowhere", Token));
        var taken = await Assert.ThrowsAsync<AlreadyExistsException>(() => snapshots.PrepareAsync("there", "", Token));

        Assert.Equal((ResourceKind.Snapshot, "nowhere", "NoSuchSnapshot"), (missing.Kind, missing.Id, missing.ErrorId));
        Assert.Contains("nowhere", noParent.Message, StringComparison.Ordinal);
        Assert.Equal(("there", "IdInUse"), (taken.Id, taken.ErrorId));
    }

    private static IEnumerable<string> Texts(IReadOnlyDictionary<string, string> labels) => labels.Select(label => $"{label.Key}={label.Value}").Order();
}

public sealed class SnapshotterTests16(Server16 server) : SnapshotterTests(server), IClassFixture<Server16>;

public sealed class SnapshotterTests17(Server17 server) : SnapshotterTests(server), IClassFixture<Server17>;

public sealed class SnapshotterTests2(Server2 server) : SnapshotterTests(server), IClassFixture<Server2>;

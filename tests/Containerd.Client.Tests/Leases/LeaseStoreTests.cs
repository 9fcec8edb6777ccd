using Containerd.Client.Content;
using Containerd.Client.Tests.Images;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Leases;

public abstract class LeaseStoreTests(ContainerdServer server) : ImageRig(server)
{
    [Fact]
    public async Task A_lease_to_work_under_expires_in_a_day_and_goes_when_it_is_disposed()
    {
        await using (var held = await Client.Leases.CreateAsync(Token))
        {
            var lease = Assert.Single(await Client.Leases.ListAsync([], Token));
            Assert.Equal((held.Id, Client.Namespace), (lease.Id, lease.Namespace));
            Assert.InRange(lease.ExpiresAt!.Value - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
            Assert.Equal(held.Id, held.Client.Scope.Lease);
            Assert.Equal(lease.Id, Assert.Single(await Client.Leases.ListAsync([$"id=={held.Id}"], Token)).Id);
        }

        Assert.Empty(await Client.Leases.ListAsync([], Token));
    }

    [Fact]
    public async Task A_lease_within_a_lease_is_the_outer_one()
    {
        await using var outer = await Client.Leases.CreateAsync(Token);
        var inner = await outer.Client.Leases.CreateAsync(Token);
        Assert.Equal(outer.Id, inner.Id);

        await inner.DisposeAsync();

        Assert.Single(await Client.Leases.ListAsync([], Token));
    }

    [Fact]
    public async Task A_lease_that_is_gone_already_is_no_error_to_dispose()
    {
        var held = await Client.Leases.CreateAsync(Token);
        await Client.Leases.DeleteAsync(held.Id, collect: false, Token);

        await held.DisposeAsync();
        await held.DisposeAsync();

        Assert.Empty(await Client.Leases.ListAsync([], Token));
    }

    [Fact]
    public async Task What_is_made_under_a_lease_is_listed_and_can_be_let_go()
    {
        await using var held = await Client.Leases.CreateAsync(Token);
        var blob = await held.Client.Content.WriteAsync(new ContentToWrite("listed"), new MemoryStream([1, 2, 3]), Token);
        await held.Client.Snapshots("overlayfs").PrepareAsync("kept", "", Token);
        Assert.Equal(
            ["content " + blob.Digest, "snapshots/overlayfs kept"],
            (await Client.Leases.ListResourcesAsync(held.Id, Token)).Select(resource => $"{resource.Type} {resource.Id}").Order());

        await Client.Leases.RemoveResourceAsync(held.Id, new LeaseResource("content", blob.Digest), Token);
        await CollectGarbageAsync();

        Assert.Equal(["lease " + held.Id, "snapshot kept"], (await InventoryAsync()).Order());
    }

    [Fact]
    public async Task A_lasting_lease_keeps_what_is_put_under_it()
    {
        await Client.Leases.CreateAsync("lasting", new Dictionary<string, string> { ["why"] = "a test" }, Token);
        string digest;
        await using (var held = await Client.Leases.CreateAsync(Token))
        {
            digest = (await held.Client.Content.WriteAsync(new ContentToWrite("handed-over"), new MemoryStream([4, 5]), Token)).Digest;
            await Client.Leases.AddResourceAsync("lasting", new LeaseResource("content", digest), Token);
        }

        await CollectGarbageAsync();

        Assert.Equal(digest, (await Client.Content.InfoAsync(digest, Token)).Digest);
        var lease = Assert.Single(await Client.Leases.ListAsync([], Token));
        Assert.Equal(("lasting", "a test"), (lease.Id, lease.Labels["why"]));
        Assert.Null(lease.ExpiresAt);
        var taken = await Assert.ThrowsAsync<AlreadyExistsException>(() => Client.Leases.CreateAsync("lasting", new Dictionary<string, string>(), Token));
        Assert.Equal((ResourceKind.Lease, "lasting"), (taken.Kind, taken.Id));
    }

    [Fact]
    public async Task A_call_under_a_lease_that_is_not_there_says_so()
    {
        var lost = Client.UnderLease("lost");

        var error = await Assert.ThrowsAsync<NotFoundException>(() => lost.Snapshots("overlayfs").PrepareAsync("prepared", "", Token));

        Assert.Contains("lease", error.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Leases.DeleteAsync("lost", collect: true, Token));
    }
}

public sealed class LeaseStoreTests16(Server16 server) : LeaseStoreTests(server), IClassFixture<Server16>;

public sealed class LeaseStoreTests17(Server17 server) : LeaseStoreTests(server), IClassFixture<Server17>;

public sealed class LeaseStoreTests2(Server2 server) : LeaseStoreTests(server), IClassFixture<Server2>;

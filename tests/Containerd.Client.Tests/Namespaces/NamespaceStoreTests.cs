using Containerd.Client.Oci;
using Containerd.Client.Tests.Images;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Namespaces;

public abstract class NamespaceStoreTests(ContainerdServer server) : ImageRig(server)
{
    [Fact]
    public async Task T21_a_namespace_is_made_found_labelled_and_deleted()
    {
        var name = Server.NewNamespace();

        var created = await Client.Namespaces.CreateAsync(name, new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, Token);
        var labelled = await Client.Namespaces.UpdateLabelsAsync(name, new Dictionary<string, string> { ["a"] = "", ["c.d/e"] = "3" }, Token);

        Assert.Equal((name, name, "2"), (created.Name, created.Namespace, created.Labels["b"]));
        Assert.Equal(["b=2", "c.d/e=3"], Texts(labelled));
        Assert.Equal(Texts(labelled), Texts(await Client.Namespaces.GetAsync(name, Token)));
        Assert.Contains(await Client.Namespaces.ListAsync(Token), found => found.Name == name);
        Assert.Contains(name, await CtrAsync("namespaces", "list", "--quiet"), StringComparison.Ordinal);
        await Client.Namespaces.DeleteAsync(name, Token);
        Assert.DoesNotContain(await Client.Namespaces.ListAsync(Token), found => found.Name == name);
    }

    [Fact]
    public async Task What_is_missing_taken_illegal_or_in_use_is_an_error_of_that_name()
    {
        var name = Server.NewNamespace();
        var none = new Dictionary<string, string>();
        await Client.Namespaces.CreateAsync(name, none, Token);

        var taken = await Assert.ThrowsAsync<AlreadyExistsException>(() => Client.Namespaces.CreateAsync(name, none, Token));
        var missing = await Assert.ThrowsAsync<NotFoundException>(() => Client.Namespaces.GetAsync("nowhere", Token));
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Namespaces.DeleteAsync("nowhere", Token));
        foreach (var illegal in new[] { "", "a--b", "-a", "a_", new string('a', 77), "a b" })
            Assert.Equal("Name", (await Assert.ThrowsAsync<InvalidArgumentException>(() => Client.Namespaces.CreateAsync(illegal, none, Token))).Parameter);
        using var inside = await ConnectAsync(name);
        await inside.Images.CreateOrUpdateAsync("x", new ContentDescriptor("text/plain", Archive.Digest([1]), 1), none, Token);
        var inUse = await Assert.ThrowsAsync<FailedPreconditionException>(() => Client.Namespaces.DeleteAsync(name, Token));

        Assert.Equal((ResourceKind.Namespace, name, "IdInUse"), (taken.Kind, taken.Id, taken.ErrorId));
        Assert.Equal((ResourceKind.Namespace, "nowhere", "NoSuchNamespace"), (missing.Kind, missing.Id, missing.ErrorId));
        Assert.Contains("images", inUse.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Texts(ContainerdNamespace found) => found.Labels.Select(label => $"{label.Key}={label.Value}").Order();
}

public sealed class NamespaceStoreTests16(Server16 server) : NamespaceStoreTests(server), IClassFixture<Server16>;

public sealed class NamespaceStoreTests17(Server17 server) : NamespaceStoreTests(server), IClassFixture<Server17>;

public sealed class NamespaceStoreTests2(Server2 server) : NamespaceStoreTests(server), IClassFixture<Server2>;

using System.Management.Automation;
using Containerd.PowerShell.Tests.Images;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Namespaces;

public abstract class NamespaceCommandTests(ContainerdServer server) : ImageCommandRig(server)
{
    [Fact]
    public void Namespaces_are_made_listed_and_removed()
    {
        var (one, two) = (Server.NewNamespace(), Server.NewNamespace());

        var made = Invoke($"New-CtrNamespace {one}, {two} -Label @{{ a = 'b' }}; New-CtrNamespace never -WhatIf").Values.Cast<ContainerdNamespace>().OrderBy(found => found.Name).ToList();
        Assert.Equal([(one, one, "b"), (two, two, "b")], made.Select(found => (found.Name, found.Namespace, found.Labels["a"])));
        Assert.Equal([one, two], Invoke($"Get-CtrNamespace {one}, {two} | ForEach-Object Name").Values.Order());
        Assert.Equal([one], Invoke($"(Get-CtrNamespace {one.ToUpperInvariant()}*).Name").Values);
        Assert.Empty(Invoke("Get-CtrNamespace zz*").Values);
        Assert.DoesNotContain("never", Invoke("Get-CtrNamespace | ForEach-Object Name").Values);
        Assert.Equal([one], Invoke($"(TabExpansion2 'Remove-CtrNamespace {one}' -cursorColumn {20 + one.Length}).CompletionMatches.CompletionText").Values);

        Invoke($"Remove-CtrNamespace {one} -WhatIf; Get-CtrNamespace {one}, {two} | Remove-CtrNamespace");
        Assert.Empty(Invoke($"Get-CtrNamespace {one}*, {two}*").Values);
    }

    [Fact]
    public void A_namespace_from_the_pipeline_is_where_the_next_cmdlet_works()
    {
        Save("a.tar", new TestImage { Name = "example.test/a:1" });
        Invoke("Import-CtrImage a.tar");

        var images = Invoke($"Get-CtrNamespace | Get-CtrImage -Name * | Where-Object Namespace -eq {Namespace}");

        Assert.Equal("example.test/a:1", images.Single<Image>().Name);
    }

    [Fact]
    public void What_is_missing_taken_illegal_or_in_use_is_an_error_about_its_name()
    {
        Save("a.tar", new TestImage());
        Invoke("Import-CtrImage a.tar");

        AssertError("Get-CtrNamespace nowhere", "NoSuchNamespace", ErrorCategory.ObjectNotFound, "nowhere");
        AssertError("Remove-CtrNamespace nowhere", "NoSuchNamespace", ErrorCategory.ObjectNotFound, "nowhere");
        AssertError($"New-CtrNamespace {Namespace}", "IdInUse", ErrorCategory.ResourceExists, Namespace);
        AssertError($"Remove-CtrNamespace {Namespace}", "FailedPrecondition", ErrorCategory.InvalidOperation, Namespace);
        AssertError("New-CtrNamespace a--b", "InvalidArgument", ErrorCategory.InvalidArgument, "a--b");
        Assert.StartsWith("ParameterArgumentValidationError", Module.Invoke("New-CtrNamespace ''").SingleError().FullyQualifiedErrorId, StringComparison.Ordinal);
    }
}

public sealed class NamespaceCommandTests16(Server16 server) : NamespaceCommandTests(server), IClassFixture<Server16>;

public sealed class NamespaceCommandTests17(Server17 server) : NamespaceCommandTests(server), IClassFixture<Server17>;

public sealed class NamespaceCommandTests2(Server2 server) : NamespaceCommandTests(server), IClassFixture<Server2>;

using Containerd.Client.Connection;
using Containerd.Client.Containers;
using Containerd.Client.Oci;
using Xunit;

namespace Containerd.Client.Tests.Containers;

public sealed class ContainerNamesTests
{
    [Theory]
    [InlineData("a")]
    [InlineData("web-1.blue_x")]
    [InlineData("0")]
    [InlineData("A9")]
    public void These_can_be_ids(string id) => Assert.Equal(id, Identifier.Check(id, "container"));

    [Theory]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("-a")]
    [InlineData("a_")]
    [InlineData("a--b")]
    [InlineData("a.-b")]
    [InlineData("a b")]
    [InlineData("a/b")]
    [InlineData("ä")]
    [InlineData("a\n")]
    public void These_cannot_and_the_error_says_what_is_allowed(string? id)
    {
        var error = Assert.Throws<InvalidArgumentException>(() => Identifier.Check(id, "container"));
        Assert.Equal("Id", error.Parameter);
        Assert.Contains("container's id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_has_76_characters_at_most()
    {
        Assert.True(Identifier.IsValid(new string('a', 76)));
        Assert.False(Identifier.IsValid(new string('a', 77)));
    }

    [Theory]
    [InlineData("docker.io/library/busybox:latest", "busybox-")]
    [InlineData("localhost:5000/team/My_App@sha256:0123", "my_app-")]
    [InlineData("registry.example/a/very-long-name-of-an-image-that-nobody-wants-to-type-again-in-full:1", "very-long-name-of-an-image-that-nobody-w-")]
    [InlineData("weird--name", "ctr-")]
    [InlineData("", "ctr-")]
    [InlineData(null, "ctr-")]
    public void A_made_up_id_tells_what_it_is_of_and_is_legal(string? origin, string start)
    {
        var ids = Enumerable.Range(0, 1000).Select(_ => ContainerId.New(origin)).ToHashSet();
        Assert.Equal(1000, ids.Count);
        Assert.All(ids, id =>
        {
            Assert.StartsWith(start, id, StringComparison.Ordinal);
            Assert.True(Identifier.IsValid(id), id);
        });
    }

    [Theory]
    [InlineData("plain", "\"plain\"")]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("tab\there", "\"tab\\u0009here\"")]
    public void A_filter_value_is_quoted_as_Go_reads_it(string value, string quoted) => Assert.Equal(quoted, FilterSyntax.Quote(value));

    [Fact]
    public void The_labels_of_an_image_that_mean_something_to_containerd_are_not_passed_on()
    {
        var image = new ImageConfig
        {
            Config = new ExecutionConfig
            {
                StopSignal = "SIGQUIT",
                Labels = new Dictionary<string, string>
                {
                    ["vendor"] = "image",
                    ["kept"] = "yes",
                    ["empty"] = "",
                    ["containerd.io/gc.root"] = "1",
                    ["io.cri-containerd.kind"] = "container",
                    ["nerdctl/name"] = "x",
                    ["long"] = new string('x', 5000),
                },
            },
        };
        var labels = ContainerLabels.Of(image, new Dictionary<string, string> { ["vendor"] = "user" });
        Assert.Equal(
            new Dictionary<string, string> { ["vendor"] = "user", ["kept"] = "yes", ["io.containerd.image.config.stop-signal"] = "SIGQUIT" },
            labels);
    }
}

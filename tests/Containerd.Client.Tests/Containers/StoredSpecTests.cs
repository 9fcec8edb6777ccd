using Xunit;

namespace Containerd.Client.Tests.Containers;

/// <summary>Any client may store anything as a container's spec; the command is read from it without failing.</summary>
public sealed class StoredSpecTests
{
    [Theory]
    [InlineData("""{"process":{"args":["sh","-c","echo \"hi\""]}}""", new[] { "sh", "-c", "echo \"hi\"" })]
    [InlineData("""{"hooks":{"process":{"args":["no"]}},"process":{"user":{"args":["no"]},"env":["args"],"args":["yes"]}}""", new[] { "yes" })]
    [InlineData("""{"process":{"args":null,"commandLine":"cmd /c dir"}}""", new[] { "cmd /c dir" })]
    [InlineData("""{"process":{"commandLine":"cmd","args":["a"]}}""", new[] { "a" })]
    [InlineData("""{"process":{"args":[]}}""", new string[0])]
    [InlineData("""{"process":{"args":[1,2]}}""", new string[0])]
    [InlineData("""{"process":null}""", new string[0])]
    [InlineData("""{"process":{"args":["cut""", new string[0])]
    [InlineData("[]", new string[0])]
    [InlineData("no json", new string[0])]
    [InlineData("", new string[0])]
    public void The_command_is_read_from_the_process_of_the_spec_alone(string spec, string[] command) => Assert.Equal(command, Container(spec).Command);

    [Fact]
    public void A_container_without_a_spec_has_no_command()
    {
        Assert.Empty(Container(null).Command);
        Assert.Null(Container(null).Spec);
    }

    [Fact]
    public void Containers_with_the_same_spec_are_equal_whether_it_was_looked_at_or_not()
    {
        var (one, other) = (Container("{\"a\":1}"), Container("{\"a\":1}"));
        _ = one.Command;
        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.NotEqual(one, Container("{\"a\":2}"));
    }

    [Theory]
    [InlineData("moby", "", "Docker")]
    [InlineData("k8s.io", "io.cri-containerd.kind", "Kubernetes")]
    [InlineData("default", "nerdctl/name", "nerdctl")]
    [InlineData("k8s.io", "other", null)]
    [InlineData("default", "io.kubernetes.image", null)]
    public void T32_the_owner_of_a_container_is_seen_from_its_marks(string containerdNamespace, string label, string? owner) =>
        Assert.Equal(owner, (Container(null) with { Namespace = containerdNamespace, Labels = new Dictionary<string, string> { [label] = "x" } }).Owner);

    private static readonly Session s_session = new(0, "none", "unix:///none", "default", isLocal: true);
    private static readonly Dictionary<string, string> s_labels = [];

    private static Container Container(string? spec) => new()
    {
        Session = s_session,
        Namespace = "default",
        Id = "c",
        Image = "",
        Labels = s_labels,
        Runtime = "",
        Snapshotter = "",
        SnapshotKey = "",
        CreatedAt = default,
        UpdatedAt = default,
        Spec = spec,
    };
}

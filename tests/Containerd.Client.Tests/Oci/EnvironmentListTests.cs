using Containerd.Client.Oci;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Environments and command lines out of an image's config and a user's wishes.</summary>
public sealed class EnvironmentListTests
{
    [Theory]
    [InlineData("A=1 B=2", "", "A=1 B=2")]
    [InlineData("A=1 B=2", "A=3", "A=3 B=2")]
    [InlineData("A=1 B=2", "C=3", "A=1 B=2 C=3")]
    [InlineData("A=1 B=2", "A", "B=2")]
    [InlineData("A=1 B=2", "A A=4", "B=2 A=4")]
    [InlineData("A=1", "NOT_THERE", "A=1")]
    [InlineData("A=1", "A=", "A=")]
    [InlineData("A=1 A=2", "", "A=2")]
    [InlineData("A=1", "a=2", "A=1 a=2")]
    [InlineData("A=x=y", "B=p=q", "A=x=y B=p=q")]
    [InlineData("ODD", "B=1", "ODD B=1")]
    public void Changes_win_in_place_and_a_name_alone_removes(string from, string changes, string expected) =>
        Assert.Equal(expected, string.Join(' ', EnvironmentList.Merge(Words(from), Words(changes))));

    [Fact]
    public void On_Windows_names_differ_by_more_than_case() =>
        Assert.Equal(["PATH=2", "=C:=C:\\x"], EnvironmentList.Merge(["Path=1", "=C:=C:\\x"], ["PATH=2"], ignoreCase: true));

    [Theory]
    [InlineData("")]
    [InlineData("=1")]
    [InlineData("A=\0")]
    public void A_change_that_sets_nothing_is_an_invalid_argument(string change) =>
        Assert.Equal("Env", Assert.Throws<InvalidArgumentException>(() => EnvironmentList.Merge([], [change])).Parameter);

    [Theory]
    [InlineData("", "", false, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")]
    [InlineData("A=1", "", false, "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin A=1")]
    [InlineData("A=1 PATH=/bin", "", false, "A=1 PATH=/bin")]
    [InlineData("PATH=/bin", "", true, "PATH=/bin TERM=xterm")]
    [InlineData("PATH=/bin TERM=dumb", "", true, "PATH=/bin TERM=xterm")]
    [InlineData("PATH=/bin", "TERM=vt100", true, "PATH=/bin TERM=vt100")]
    [InlineData("PATH=/bin", "TERM", true, "PATH=/bin")]
    [InlineData("A=1", "PATH", false, "A=1")]
    [InlineData("PATH=/bin", "PATH=/x", false, "PATH=/x")]
    public void A_Linux_process_has_a_path_and_a_terminals_name_unless_the_user_says_otherwise(string image, string changes, bool tty, string expected) =>
        Assert.Equal(expected, string.Join(' ', EnvironmentList.ForLinux(Words(image), Words(changes), tty)));

    [Theory]
    //          image entrypoint, cmd | user's entrypoint, command | result
    [InlineData("/bin/app", "serve", null, null, "/bin/app serve")]
    [InlineData("/bin/app", "serve", null, "check --all", "/bin/app check --all")]
    [InlineData("/bin/app", "serve", "sh", null, "sh")]
    [InlineData("/bin/app", "serve", "sh -c", "id", "sh -c id")]
    [InlineData("/bin/app", "serve", "", "id -u", "id -u")]
    [InlineData("", "sh", null, null, "sh")]
    [InlineData("", "sh", null, "id", "id")]
    [InlineData("/bin/app", "", null, null, "/bin/app")]
    [InlineData("/bin/app", "serve", null, "", "/bin/app")]
    public void The_entrypoint_and_the_command_combine_as_docker_has_taught(string entrypoint, string cmd, string? ownEntrypoint, string? command, string expected) =>
        Assert.Equal(expected, string.Join(' ', ProcessArguments.For(Options(entrypoint, cmd) with
        {
            Entrypoint = ownEntrypoint is null ? null : Words(ownEntrypoint),
            Command = command is null ? null : Words(command),
        })));

    [Fact]
    public void Nothing_to_run_is_an_invalid_argument()
    {
        Assert.Equal("Command", Assert.Throws<InvalidArgumentException>(() => ProcessArguments.For(Options("", ""))).Parameter);
        Assert.Equal("Command", Assert.Throws<InvalidArgumentException>(() => ProcessArguments.For(Options("a", "b") with { Entrypoint = [] })).Parameter);
        Assert.Equal("Command", Assert.Throws<InvalidArgumentException>(() => ProcessArguments.For(new SpecOptions("ns", "id"))).Parameter);
        Assert.Equal("Command", Assert.Throws<InvalidArgumentException>(() => ProcessArguments.For(Options("", "") with { Command = [""] })).Parameter);
        Assert.Equal("Command", Assert.Throws<InvalidArgumentException>(() => ProcessArguments.For(Options("a", "") with { Command = ["x\0y"] })).Parameter);
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "\"\"")]
    [InlineData("two words", "\"two words\"")]
    [InlineData(@"C:\dir\", @"C:\dir\")]
    [InlineData(@"C:\my dir\", @"""C:\my dir\\""")]
    [InlineData("say \"hi\"", "\"say \\\"hi\\\"\"")]
    [InlineData(@"a\""b", @"""a\\\""b""")]
    public void A_Windows_argument_is_quoted_as_CommandLineToArgvW_undoes_it(string argument, string quoted) =>
        Assert.Equal(quoted, ProcessArguments.Quote(argument));

    private static SpecOptions Options(string entrypoint, string cmd) =>
        new("ns", "id") { Image = new ImageConfig { Config = new ExecutionConfig { Entrypoint = Words(entrypoint), Cmd = Words(cmd) } } };

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

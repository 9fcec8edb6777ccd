using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Users and groups, case by case as ctr of containerd 1.6 and 2.1 resolves them in an image with these two files.</summary>
public sealed class UserResolverTests
{
    private const string Passwd = """
        root:x:0:0:root:/root:/bin/sh
        bin:x:1:1:bin:/bin:/sbin/nologin
        web:x:1000:1001:web:/home/web:/bin/sh
        """;

    private const string Groups = """
        root:x:0:root
        bin:x:1:root,bin,web
        wheel:x:10:root,web
        web:x:1001:
        video:x:27:web
        """;

    private readonly List<string> _read = [];

    [Theory]
    [InlineData("", 0, 0, "0 1 10")]
    [InlineData("0", 0, 0, "0 1 10")]
    [InlineData("root", 0, 0, "0 1 10")]
    [InlineData("1", 1, 1, "1")]
    [InlineData("bin", 1, 1, "1")]
    [InlineData("web", 1000, 1001, "1001 1 10 27")]
    [InlineData("1000", 1000, 1001, "1001 1 10 27")]
    [InlineData("5555", 5555, 0, "0")]
    [InlineData("web:wheel", 1000, 10, "10")]
    [InlineData("web:10", 1000, 10, "10")]
    [InlineData("1000:1001", 1000, 1001, "1001")]
    [InlineData("1000:wheel", 1000, 10, "10")]
    [InlineData("5555:27", 5555, 27, "27")]
    [InlineData("0:0", 0, 0, "0")]
    [InlineData("root:root", 0, 0, "0")]
    [InlineData("web:", 1000, 0, "0")]
    [InlineData(":wheel", 0, 10, "10")]
    [InlineData("1000:5555", 1000, 5555, "5555")]
    public async Task A_typed_user_is_who_ctr_takes_it_for(string text, uint uid, uint gid, string groups)
    {
        ProcessUser user = await UserResolver.ResolveAsync(text, Image(Passwd, Groups), TestContext.Current.CancellationToken);

        Assert.Equal((uid, gid, groups), (user.Uid, user.Gid, string.Join(' ', user.AdditionalGids)));
    }

    [Theory]
    [InlineData("", 0, 0, "0 1 10")]
    [InlineData("root", 0, 0, "0 1 10")]
    [InlineData("web", 1000, 1001, "1001 1 10 27")]
    [InlineData("1000", 1000, 1001, "1001 1 10 27")]
    [InlineData("5555", 5555, 0, "0")]
    [InlineData("web:wheel", 1000, 10, "1 10 27")]
    [InlineData("1000:10", 1000, 10, "1 10 27")]
    [InlineData("1000:1001", 1000, 1001, "1001 1 10 27")]
    [InlineData("5555:27", 5555, 27, "27")]
    [InlineData("web:", 1000, 0, "0 1 10 27")]
    [InlineData(":wheel", 0, 10, "1 10")]
    [InlineData("0:0", 0, 0, "0 1 10")]
    [InlineData("web:10", 1000, 10, "1 10 27")]
    [InlineData("1000:5555", 1000, 5555, "5555 1 10 27")]
    public async Task An_images_user_keeps_its_supplementary_groups_beside_a_named_group(string text, uint uid, uint gid, string groups)
    {
        ProcessUser user = await UserResolver.ResolveImageUserAsync(text, Image(Passwd, Groups), TestContext.Current.CancellationToken);

        Assert.Equal((uid, gid, groups), (user.Uid, user.Gid, string.Join(' ', user.AdditionalGids)));
    }

    [Theory]
    [InlineData("", 0, 0, "0")]
    [InlineData("0", 0, 0, "0")]
    [InlineData("1000", 1000, 0, "0")]
    [InlineData("1000:10", 1000, 10, "10")]
    public async Task Numbers_need_no_files_in_the_image(string text, uint uid, uint gid, string groups)
    {
        foreach (ProcessUser user in new[]
        {
            await UserResolver.ResolveAsync(text, Image(null, null), TestContext.Current.CancellationToken),
            await UserResolver.ResolveImageUserAsync(text, Image(null, null), TestContext.Current.CancellationToken),
        })
            Assert.Equal((uid, gid, groups), (user.Uid, user.Gid, string.Join(' ', user.AdditionalGids)));
    }

    [Theory]
    [InlineData("nosuch", "no user 'nosuch'")]
    [InlineData("web:nosuch", "no group 'nosuch'")]
    [InlineData("5555:nosuch", "no group 'nosuch'")]
    [InlineData("2147483648", "out of range")]
    [InlineData("99999999999999999999", "out of range")]
    [InlineData("-1", "out of range")]
    [InlineData("0:2147483648", "out of range")]
    [InlineData("a:b:c", "is no user")]
    [InlineData(" web", "no user ' web'")]
    public async Task Whom_the_image_does_not_know_is_an_error_of_the_parameter(string text, string message)
    {
        foreach (var resolve in new[] { UserResolver.ResolveAsync, UserResolver.ResolveImageUserAsync })
        {
            var error = await Assert.ThrowsAsync<InvalidArgumentException>(async () => await resolve(text, Image(Passwd, Groups), default));
            Assert.Equal("User", error.Parameter);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("root", "has no /etc/passwd")]
    [InlineData("1000:wheel", "has no /etc/group")]
    public async Task A_name_in_an_image_without_the_file_says_which_file(string text, string message)
    {
        var error = await Assert.ThrowsAsync<InvalidArgumentException>(async () => await UserResolver.ResolveAsync(text, Image(null, null), default));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0:0", "")]
    [InlineData("5:6", "")]
    [InlineData("", "/etc/group")]
    [InlineData("5:wheel", "/etc/group")]
    [InlineData("web:10", "/etc/passwd")]
    [InlineData("5555", "/etc/passwd")]
    [InlineData("web", "/etc/passwd /etc/group")]
    [InlineData("web:wheel", "/etc/passwd /etc/group")]
    public async Task Files_are_read_once_and_only_when_needed(string text, string read)
    {
        await UserResolver.ResolveAsync(text, Image(Passwd, Groups), TestContext.Current.CancellationToken);

        Assert.Equal(read, string.Join(' ', _read));
    }

    [Fact]
    public async Task A_broken_entry_gives_nobody_root()
    {
        const string passwd = "web\nweb:x\nweb:x:zero:0\nweb:x::\n:x:0:0\n+::::::\nweb:x:-1:0\n\r\n web:x:1000:1001:w:/:/bin/sh \r\n";
        const string group = "wheel\nwheel:x:\nwheel:x:-5:web\nwheel:x:10: web , root\n";

        ProcessUser user = await UserResolver.ResolveAsync("web:wheel", Image(passwd, group), TestContext.Current.CancellationToken);

        Assert.Equal((1000u, 10u), (user.Uid, user.Gid));
        await Assert.ThrowsAsync<InvalidArgumentException>(async () => await UserResolver.ResolveAsync("+", Image(passwd, group), default));
    }

    [Fact]
    public async Task A_file_beyond_the_limit_is_not_taken_apart()
    {
        var huge = new string('x', UserResolver.MaxFileLength + 1);

        await Assert.ThrowsAsync<InvalidArgumentException>(async () => await UserResolver.ResolveAsync("web", Image(huge, ""), default));
    }

    [Fact]
    public async Task Any_text_and_any_files_give_a_user_or_an_invalid_argument()
    {
        Gen<string> pieces = Gen.OneOf("web", "root", ":", ":", "0", "10", "2147483648", "-", ",", "\n", "x", " ", "\0", "é").Array[0, 12].Select(string.Concat);
        await Gen.Select(pieces, pieces, pieces).SampleAsync(async (text, passwd, group) =>
        {
            try
            {
                ProcessUser user = await UserResolver.ResolveImageUserAsync(text, Image(passwd, group), default);
                return user.AdditionalGids.Contains(user.Gid) && user.Uid <= int.MaxValue;
            }
            catch (InvalidArgumentException error)
            {
                return error.Parameter == "User";
            }
        }, iter: 2000);
    }

    private Func<string, CancellationToken, ValueTask<string?>> Image(string? passwd, string? group) => (path, _) =>
    {
        lock (_read)
            _read.Add(path);
        return ValueTask.FromResult(path switch { "/etc/passwd" => passwd, "/etc/group" => group, _ => throw new InvalidOperationException(path) });
    };
}

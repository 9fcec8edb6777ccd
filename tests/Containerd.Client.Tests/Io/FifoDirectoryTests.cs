using System.Runtime.Versioning;
using Containerd.Client.Io;
using Containerd.Client.Native;
using Xunit;

namespace Containerd.Client.Tests.Io;

[UnsupportedOSPlatform("windows")]
public sealed class FifoDirectoryTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-fifo-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void Directory_and_FIFOs_are_their_owners_alone_and_parents_are_made()
    {
        using var directory = FifoDirectory.Create(Path.Combine(_root, "a", "b"));
        var fifo = directory.Add("web", "stdout");

        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Assert.Equal(ownerOnly, File.GetUnixFileMode(directory.Path));
        Assert.Equal(ownerOnly, File.GetUnixFileMode(fifo));
        Assert.True(Fifo.Exists(fifo));
        Assert.Equal("web-stdout", Path.GetFileName(fifo));
    }

    [Fact]
    public void Two_directories_never_meet()
    {
        using var one = FifoDirectory.Create(_root);
        using var two = FifoDirectory.Create(_root);
        Assert.NotEqual(one.Path, two.Path);
    }

    [Fact]
    public void T28_Deleting_leaves_what_is_no_FIFO_of_ours()
    {
        var directory = FifoDirectory.Create(_root);
        var replaced = directory.Add("web", "stdout");
        var mine = directory.Add("web", "stderr");
        File.Delete(replaced);
        File.WriteAllText(replaced, "somebody's");

        directory.Delete();

        Assert.False(File.Exists(mine));
        Assert.Equal("somebody's", File.ReadAllText(replaced));
    }

    [Fact]
    public void T28_A_link_in_the_place_of_a_FIFO_is_not_followed()
    {
        using var other = FifoDirectory.Create(_root);
        var theirs = other.Add("web", "stdout");
        var directory = FifoDirectory.Create(_root);
        var mine = directory.Add("web", "stdout");
        File.Delete(mine);
        File.CreateSymbolicLink(mine, theirs);

        directory.Delete();

        Assert.True(Fifo.Exists(theirs));
        Assert.True(Directory.Exists(directory.Path));
    }

    [Fact]
    public void Deleting_twice_or_what_is_gone_is_no_error()
    {
        var directory = FifoDirectory.Create(_root);
        directory.Add("web", "stdin");
        Directory.Delete(directory.Path, recursive: true);
        directory.Delete();
        directory.Delete();
    }

    [Fact]
    public void T28_What_another_client_left_is_removed_and_dev_null_stays()
    {
        var directory = FifoDirectory.Create(_root);
        var stdout = directory.Add("web", "stdout");
        var paths = new StdioPaths("", stdout, StdioPaths.NullDevice, Terminal: false);

        FifoDirectory.DeleteLeftOver(paths);
        FifoDirectory.DeleteLeftOver(paths);
        FifoDirectory.DeleteLeftOver(new StdioPaths("", "file:///nowhere", "file:///nowhere", Terminal: false));

        Assert.False(Directory.Exists(directory.Path));
        Assert.True(Directory.Exists(_root));
        Assert.True(File.Exists("/dev/null"));
    }

    [Fact]
    public void T28_A_log_files_directory_stays_though_it_is_the_last_in_it()
    {
        var log = Path.Combine(_root, "logs", "web.log");
        FileSink.Open(log).Dispose();
        FifoDirectory.DeleteLeftOver(StdioPaths.AppendTo(log));
        Assert.True(File.Exists(log));
    }

    [Fact]
    public void The_owner_is_the_one_asked_for()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may give files to others.");
        using var directory = FifoDirectory.Create(_root, uid: 12345, gid: 54321);
        var fifo = directory.Add("web", "stdout", uid: 12345, gid: 54321);
        using var stat = FifoRig.Shell($"stat -c %u:%g {directory.Path} {fifo}");
        Assert.Equal("12345:54321\n12345:54321\n", stat.StandardOutput.ReadToEnd());
    }

    [Fact]
    public void A_root_that_is_a_file_or_relative_is_a_clear_error()
    {
        var file = Path.Combine(_root, "file");
        File.WriteAllText(file, "");
        Assert.Contains(file, Assert.ThrowsAny<IOException>(() => FifoDirectory.Create(file)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => FifoDirectory.Create("relative"));
    }

    [Fact]
    public void A_root_that_can_not_be_written_says_what_to_do()
    {
        // Not even root may make a directory there.
        var e = Assert.Throws<IOException>(() => FifoDirectory.Create("/proc/1/fdinfo/x"));
        Assert.Contains("/proc/1/fdinfo/x", e.Message, StringComparison.Ordinal);
    }
}

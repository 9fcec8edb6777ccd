using System.Diagnostics;
using Containerd.Client.Native;
using Xunit;

namespace Containerd.Client.Tests.Io;

public sealed class NativeTests
{
    [Fact]
    public void A_failed_call_says_what_on_what_and_why()
    {
        var e = Assert.Throws<NativeException>(() => FileDescriptor.Open("/does/not/exist", LibC.O_RDONLY));
        Assert.Equal(Errno.ENOENT, e.Errno);
        Assert.Equal("Could not open '/does/not/exist': No such file or directory (errno 2).", e.Message);
    }

    [Fact]
    public void Signals_reach_a_process_and_one_that_is_gone_is_no_error()
    {
        using var sleep = Process.Start("sleep", "60");
        Assert.True(Host.Signal(sleep.Id, 0));
        Assert.True(Host.Signal(sleep.Id, 15));
        sleep.WaitForExit();
        Assert.Equal(128 + 15, sleep.ExitCode);
        Assert.False(Host.Signal(sleep.Id, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Host.Signal(0, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Host.Signal(-1, 0));
    }

    [Fact]
    public void What_is_mounted_can_be_unmounted_and_what_is_not_is_no_error()
    {
        Assert.SkipUnless(Environment.UserName == "root", "Only root may mount.");
        var directory = Directory.CreateTempSubdirectory("ctr-mount-").FullName;
        try
        {
            using var mount = Process.Start("mount", ["-t", "tmpfs", "tmpfs", directory]);
            mount.WaitForExit();
            File.WriteAllText(Path.Combine(directory, "inside"), "");
            Assert.True(Host.Unmount(directory));
            Assert.Empty(Directory.GetFiles(directory));
            Assert.False(Host.Unmount(directory));
            Assert.False(Host.Unmount(directory + "/gone"));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_pipe_of_a_FIFO_grows_where_the_kernel_allows()
    {
        var directory = Directory.CreateTempSubdirectory("ctr-pipe-").FullName;
        try
        {
            Fifo.Make(directory + "/f", UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using var fd = FileDescriptor.Open(directory + "/f", LibC.O_RDONLY);
            Assert.Equal(65536, fd.PipeCapacity);
            Assert.True(fd.TrySetPipeCapacity(1024 * 1024));
            Assert.Equal(1024 * 1024, fd.PipeCapacity);
            Assert.False(fd.TrySetPipeCapacity(int.MaxValue));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void A_file_is_no_terminal() => Assert.False(Host.IsTerminal(999));
}

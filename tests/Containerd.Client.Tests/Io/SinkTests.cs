using System.Runtime.Versioning;
using System.Text;
using Containerd.Client.Io;
using Xunit;

namespace Containerd.Client.Tests.Io;

[UnsupportedOSPlatform("windows")]
public sealed class SinkTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ctr-sink-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task T29_A_file_and_the_directories_made_for_it_are_their_owners_alone()
    {
        var path = Path.Combine(_root, "logs", "web", "out.log");
        using var sink = FileSink.Open(path);
        await sink.WriteAsync("hello"u8.ToArray(), CancellationToken.None);

        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(mode, File.GetUnixFileMode(path));
        Assert.Equal(mode | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.GetDirectoryName(path)!));
        Assert.Equal("hello", await File.ReadAllTextAsync(path));
        Assert.Equal(5, sink.Length);
    }

    [Fact]
    public async Task A_file_is_begun_anew_or_appended_to()
    {
        var path = Path.Combine(_root, "out");
        await WriteAsync("first, and long", append: false);
        await WriteAsync("second", append: false);
        await WriteAsync(" third", append: true);
        Assert.Equal("second third", await File.ReadAllTextAsync(path));

        async Task WriteAsync(string text, bool append)
        {
            using var sink = FileSink.Open(path, append);
            await sink.WriteAsync(Encoding.UTF8.GetBytes(text), CancellationToken.None);
        }
    }

    [Fact]
    public async Task One_file_takes_both_streams_and_loses_neither()
    {
        var path = Path.Combine(_root, "out");
        using (var sink = FileSink.Open(path))
            await Task.WhenAll(Write(sink, 'a'), Write(sink, 'b'));
        var text = await File.ReadAllTextAsync(path);
        Assert.Equal((50_000, 50_000), (text.Count(c => c == 'a'), text.Count(c => c == 'b')));

        static async Task Write(FileSink sink, char c)
        {
            for (var i = 0; i < 500; i++)
                await sink.WriteAsync(Encoding.ASCII.GetBytes(new string(c, 100)), CancellationToken.None);
        }
    }

    [Fact]
    public void A_file_that_can_not_be_opened_is_a_clear_error() =>
        Assert.Contains(_root, Assert.ThrowsAny<Exception>(() => FileSink.Open(_root)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_disk_that_is_full_fails_the_stream_with_its_own_exception()
    {
        using var rig = new FifoRig();
        using var full = FileSink.Open("/dev/full", append: true);
        await using var io = rig.Create(o => o with { StdoutSink = full, StderrSink = null });
        FifoRig.WriteAndFinish(io.Paths.Stdout, "x");
        Assert.Contains("/dev/full", (await Assert.ThrowsAnyAsync<IOException>(() => io.DrainAsync(FifoRig.Soon))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_buffer_keeps_up_to_its_limit_and_says_when_there_was_more()
    {
        var buffer = new BufferSink(limit: 10);
        await buffer.WriteAsync("12345678"u8.ToArray(), CancellationToken.None);
        await buffer.WriteAsync("90"u8.ToArray(), CancellationToken.None);
        Assert.False(buffer.Truncated);
        await buffer.WriteAsync("more"u8.ToArray(), CancellationToken.None);
        Assert.True(buffer.Truncated);
        Assert.Equal("1234567890", buffer.GetText());
        Assert.Equal("1234567890"u8.ToArray(), buffer.ToArray());
    }

    [Fact]
    public async Task Lines_come_as_they_are_complete_and_the_last_one_at_the_end()
    {
        using var rig = new FifoRig();
        var lines = new List<string>();
        var sink = new LineSink((some, _) =>
        {
            lines.AddRange(some);
            return default;
        });
        await using var io = rig.Create(o => o with { StdoutSink = sink, StderrSink = null });
        FifoRig.WriteAndFinish(io.Paths.Stdout, "one\ntwo\nno line break");
        await io.DrainAsync(FifoRig.Soon);
        Assert.Equal(["one", "two", "no line break"], lines);
    }

    [Fact]
    public async Task T10_The_last_line_comes_also_when_a_child_still_holds_the_stream()
    {
        using var rig = new FifoRig();
        var lines = new List<string>();
        var sink = new LineSink((some, _) =>
        {
            lines.AddRange(some);
            return default;
        });
        await using var io = rig.Create(o => o with { StdoutSink = sink, StderrSink = null });
        using var holder = FifoRig.Writer(io.Paths.Stdout);
        holder.Write("prompt> "u8);
        Assert.True((await io.DrainAsync(TimeSpan.FromMilliseconds(200))).OutputStillOpen);
        Assert.Equal(["prompt> "], lines);
    }

    [Fact]
    public void A_log_that_the_shim_appends_to_needs_an_absolute_path()
    {
        Assert.Equal(new StdioPaths("", "/x/log", "/x/./log", Terminal: false), StdioPaths.AppendTo("/x/log"));
        Assert.Equal(new StdioPaths("", "/x/log", "", Terminal: true), StdioPaths.TerminalTo("/x/log"));
        Assert.Throws<ArgumentException>(() => StdioPaths.AppendTo("log"));
    }
}

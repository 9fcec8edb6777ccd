using System.Text;
using Containerd.Client.Content;
using Containerd.Client.Oci;
using Containerd.Client.Tests.Images;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Content;

public abstract class ContentStoreTests(ContainerdServer server) : ImageRig(server)
{
    [Fact]
    public async Task What_is_written_is_read_back_whole_and_in_part()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var bytes = new byte[5_000_003];
        new Random(1).NextBytes(bytes);
        var reports = new List<long>();

        var written = await lease.Client.Content.WriteAsync(
            new ContentToWrite("large") { Digest = Digest.Of(bytes).ToString(), Size = bytes.Length, Labels = new Dictionary<string, string> { ["a/b.c"] = "d" } },
            new MemoryStream(bytes),
            Token,
            new Listener(reports));

        Assert.Equal(new WrittenContent(Digest.Of(bytes).ToString(), bytes.Length, Existed: false), written);
        Assert.Equal(bytes, await Client.Content.ReadAsync(written.Digest, bytes.Length, Token));
        Assert.Equal(bytes.Length, reports[^1]);
        Assert.Equal(reports.Order(), reports);
        var blob = await Client.Content.InfoAsync(written.Digest, Token);
        Assert.Equal((bytes.Length, "d"), (blob.Size, blob.Labels["a/b.c"]));
        Assert.Empty(await Client.Content.ListIngestsAsync([], Token));
    }

    [Fact]
    public async Task T25_a_read_from_an_offset_gives_the_bytes_from_there()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var bytes = new byte[3_000_000];
        new Random(2).NextBytes(bytes);
        var written = await lease.Client.Content.WriteAsync(new ContentToWrite("offset"), new MemoryStream(bytes), Token);

        await using var stream = Client.Content.OpenRead(written.Digest, Token, offset: 1_500_001);
        using var rest = new MemoryStream();
        await stream.CopyToAsync(rest, Token);

        Assert.Equal(bytes[1_500_001..], rest.ToArray());
    }

    [Fact]
    public async Task A_blob_that_is_there_is_not_written_again_and_gets_the_labels_asked_for()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var bytes = Encoding.UTF8.GetBytes("twice");
        async Task<WrittenContent> Write(string? digest, string label) => await lease.Client.Content.WriteAsync(
            new ContentToWrite("twice-" + label) { Digest = digest, Labels = new Dictionary<string, string> { [label] = "yes" } }, new MemoryStream(bytes), Token);

        var first = await Write(null, "first");
        var known = await Write(first.Digest, "known");
        var unknown = await Write(null, "unknown");

        Assert.False(first.Existed);
        Assert.True(known.Existed);
        Assert.Equal(first with { Existed = true }, unknown);
        Assert.Equal(["first", "known", "unknown"], (await Client.Content.InfoAsync(first.Digest, Token)).Labels.Keys.Order());
        Assert.Empty(await Client.Content.ListIngestsAsync([], Token));
    }

    [Fact]
    public async Task Another_digest_or_size_than_expected_is_refused_and_nothing_stays()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var content = lease.Client.Content;
        var bytes = Encoding.UTF8.GetBytes("something");
        var other = Digest.Of("else"u8).ToString();

        await Assert.ThrowsAsync<FailedPreconditionException>(() => content.WriteAsync(new ContentToWrite("wrong") { Digest = other }, new MemoryStream(bytes), Token));
        var tooShort = await Assert.ThrowsAsync<InvalidContentException>(() => content.WriteAsync(new ContentToWrite("short") { Size = 100 }, new MemoryStream(bytes), Token));
        var tooLong = await Assert.ThrowsAsync<InvalidContentException>(() => content.WriteAsync(new ContentToWrite("long") { Size = 3 }, new MemoryStream(bytes), Token));

        Assert.Equal(("InvalidContent", "InvalidContent"), (tooShort.ErrorId, tooLong.ErrorId));
        Assert.Empty(await InventoryExceptAsync(lease.Id));
    }

    [Fact]
    public async Task A_source_that_fails_is_reported_as_it_failed_and_nothing_stays()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);

        var error = await Assert.ThrowsAsync<IOException>(() =>
            lease.Client.Content.WriteAsync(new ContentToWrite("broken"), new BrokenStream(3 << 20), Token));

        Assert.Equal("the disk is gone", error.Message);
        Assert.Empty(await InventoryExceptAsync(lease.Id));
    }

    [Fact]
    public async Task A_cancelled_write_leaves_nothing()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        using var cancel = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lease.Client.Content.WriteAsync(
            new ContentToWrite("cancelled"), new EndlessStream(), cancel.Token, new Canceller(cancel, after: 4 << 20)));

        Assert.Empty(await InventoryExceptAsync(lease.Id));
    }

    [Fact]
    public async Task A_kept_write_goes_on_where_it_ended()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var bytes = new byte[4 << 20];
        new Random(3).NextBytes(bytes);
        var write = new ContentToWrite("resumed") { Digest = Digest.Of(bytes).ToString(), Size = bytes.Length, KeepOnFailure = true };
        using var half = new MemoryStream(bytes, 0, 2 << 20);
        await Assert.ThrowsAsync<InvalidContentException>(() => lease.Client.Content.WriteAsync(write, half, Token));
        var ingest = Assert.Single(await Client.Content.ListIngestsAsync([], Token));
        Assert.Equal((2 << 20, bytes.Length), (ingest.Offset, ingest.Total));

        var source = new CountingStream(bytes);
        var written = await lease.Client.Content.WriteAsync(write, source, Token);

        Assert.Equal(write.Digest, written.Digest);
        Assert.Equal(2 << 20, source.BytesRead);
        Assert.Equal(bytes, await Client.Content.ReadAsync(written.Digest, bytes.Length, Token));
    }

    [Fact]
    public async Task A_second_writer_of_the_same_reference_waits_for_the_first()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var source = new GatedStream(Encoding.UTF8.GetBytes("gated"));
        var first = lease.Client.Content.WriteAsync(new ContentToWrite("shared"), source, Token);
        await source.Reached;

        var locked = await Assert.ThrowsAsync<ContainerdException>(() => lease.Client.Content.WriteAsync(
            new ContentToWrite("shared") { LockTimeout = TimeSpan.Zero }, new MemoryStream([1]), Token));
        var second = lease.Client.Content.WriteAsync(new ContentToWrite("shared"), new MemoryStream([2]), Token);
        source.Open();

        Assert.Equal(ServerStatus.Unavailable, locked.Status);
        Assert.Equal(Digest.Of("gated"u8).ToString(), (await first).Digest);
        Assert.Equal(Digest.Of([2]).ToString(), (await second).Digest);
    }

    [Fact]
    public async Task T21_labelling_one_thing_leaves_the_other_labels_alone()
    {
        await using var lease = await Client.Leases.CreateAsync(Token);
        var blob = await lease.Client.Content.WriteAsync(
            new ContentToWrite("labelled") { Labels = new Dictionary<string, string> { ["containerd.io/gc.ref.content.0"] = Digest.Of([]).ToString(), ["old"] = "1" } },
            new MemoryStream([3]),
            Token);

        await Client.Content.UpdateLabelsAsync(blob.Digest, new Dictionary<string, string> { ["new/key.with.dots"] = "2", ["old"] = "" }, Token);

        var labels = (await Client.Content.InfoAsync(blob.Digest, Token)).Labels;
        Assert.Equal(["containerd.io/gc.ref.content.0", "new/key.with.dots"], labels.Keys.Order());
    }

    [Fact]
    public async Task T20_a_lease_keeps_what_is_written_from_the_collector_and_its_end_lets_go()
    {
        var unprotected = await WriteAsync([4, 4]);
        var lease = await Client.Leases.CreateAsync(Token);
        var blob = await lease.Client.Content.WriteAsync(new ContentToWrite("kept"), new MemoryStream([4]), Token);
        await CollectGarbageAsync();

        Assert.Equal([blob.Digest], await Client.Content.ListAsync([], Token).Select(found => found.Digest).ToListAsync(Token));
        Assert.NotEqual(unprotected.Digest, blob.Digest);
        await lease.AbandonAsync(Token);
        Assert.Empty(await InventoryAsync());
    }

    [Fact]
    public async Task A_document_larger_than_the_limit_is_not_read()
    {
        var blob = await WriteAsync(new byte[100]);

        var error = await Assert.ThrowsAsync<InvalidContentException>(() => Client.Content.ReadAsync(blob.Digest, 99, Token));

        Assert.Contains("more than 99 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_an_error_of_that_name()
    {
        var digest = Digest.Of("nowhere"u8).ToString();

        var error = await Assert.ThrowsAsync<NotFoundException>(() => Client.Content.InfoAsync(digest, Token));
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Content.ReadAsync(digest, 10, Token));
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Content.DeleteAsync(digest, Token));

        Assert.Equal((ResourceKind.Content, digest, "NoSuchContent"), (error.Kind, error.Id, error.ErrorId));
        await Client.Content.AbortAsync("nothing-of-the-kind", Token);
    }

    private async Task<IEnumerable<string>> InventoryExceptAsync(string lease) =>
        (await InventoryAsync()).Where(line => line != "lease " + lease);

    private sealed class Listener(List<long> reports) : IProgress<long>
    {
        public void Report(long value) => reports.Add(value);
    }

    private sealed class Canceller(CancellationTokenSource cancel, long after) : IProgress<long>
    {
        public void Report(long value)
        {
            if (value >= after)
                cancel.Cancel();
        }
    }

    private sealed class CountingStream(byte[] bytes) : MemoryStream(bytes)
    {
        public long BytesRead { get; private set; }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await base.ReadAsync(buffer, cancellationToken);
            BytesRead += count;
            return count;
        }
    }

    private sealed class EndlessStream : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(buffer.Length);
    }

    private sealed class BrokenStream(int after) : MemoryStream
    {
        private int _left = after;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = Math.Min(_left, buffer.Length);
            _left -= count;
            return count > 0 ? ValueTask.FromResult(count) : throw new IOException("the disk is gone");
        }
    }

    private sealed class GatedStream(byte[] bytes) : MemoryStream(bytes)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => _reached.Task;

        public void Open() => _gate.SetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            _reached.TrySetResult();
            await _gate.Task.WaitAsync(cancellationToken);
            return await base.ReadAsync(buffer, cancellationToken);
        }
    }
}

public sealed class ContentStoreTests16(Server16 server) : ContentStoreTests(server), IClassFixture<Server16>;

public sealed class ContentStoreTests17(Server17 server) : ContentStoreTests(server), IClassFixture<Server17>;

public sealed class ContentStoreTests2(Server2 server) : ContentStoreTests(server), IClassFixture<Server2>;

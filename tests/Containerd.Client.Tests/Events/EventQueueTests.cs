using System.Threading.Channels;
using Containerd.Client.Events;
using Xunit;

namespace Containerd.Client.Tests.Events;

public sealed class EventQueueTests
{
    private readonly EventQueue _queue = new();

    [Fact]
    public async Task A_reader_that_falls_behind_loses_the_newest_and_is_told_where()
    {
        for (var i = 0; i < EventQueue.Capacity + 5; i++)
            _queue.Add(Event(EventKind.TaskStart, i));
        for (var i = 0; i < EventQueue.Capacity; i++)
            Assert.Equal(i, (await TakeAsync()).Event!.Pid);
        Assert.StartsWith("5 events were dropped", (await TakeAsync()).Warning, StringComparison.Ordinal);
        _queue.Add(Event(EventKind.TaskStart, 99_999));
        Assert.Equal(99_999, (await TakeAsync()).Event!.Pid);
    }

    [Fact]
    public async Task The_warning_stands_before_what_comes_after_the_gap()
    {
        for (var i = 0; i < EventQueue.Capacity + 1; i++)
            _queue.Add(Event(EventKind.TaskStart, i));
        await TakeAsync();
        _queue.Add(Event(EventKind.TaskStart, 99_999));
        for (var i = 1; i < EventQueue.Capacity; i++)
            Assert.Equal(i, (await TakeAsync()).Event!.Pid);
        Assert.StartsWith("1 event was dropped", (await TakeAsync()).Warning, StringComparison.Ordinal);
        Assert.Equal(99_999, (await TakeAsync()).Event!.Pid);
    }

    [Fact]
    public async Task Exits_are_dropped_last()
    {
        for (var i = 0; i < EventQueue.Capacity * 3; i++)
            _queue.Add(Event(i % 2 == 0 ? EventKind.TaskStart : EventKind.TaskExit, i));
        _queue.Complete(null);
        var taken = new List<EventDelivery>();
        await Assert.ThrowsAsync<ChannelClosedException>(async () =>
        {
            while (true)
                taken.Add(await TakeAsync());
        });
        Assert.Equal(EventQueue.Capacity * 2, taken.Count(t => t.Event is not null));
        Assert.Equal(EventQueue.Capacity / 2, taken.Count(t => t.Event?.Kind == EventKind.TaskStart));
        Assert.Equal($"{EventQueue.Capacity} events were dropped here: they arrived faster than they were read.", taken[^1].Warning);
    }

    [Fact]
    public async Task What_is_there_can_be_read_after_the_end_and_then_its_reason_comes()
    {
        _queue.Add(Event(EventKind.TaskStart, 1));
        _queue.Complete(new InvalidOperationException("over"));
        _queue.Add(Event(EventKind.TaskStart, 2));
        Assert.Equal(1, (await TakeAsync()).Event!.Pid);
        Assert.Equal("over", (await Assert.ThrowsAsync<ChannelClosedException>(TakeAsync)).InnerException!.Message);
    }

    private static ContainerdEvent Event(EventKind kind, int pid) => new()
    {
        Session = new Session(1, "s", "unix:///x", "n", true),
        Namespace = "n",
        Timestamp = default,
        Topic = "/t",
        Kind = kind,
        Id = "c",
        Pid = pid,
        Data = new Dictionary<string, object?>(),
    };

    private Task<EventDelivery> TakeAsync() => _queue.TakeAsync(CancellationToken.None).AsTask();
}

using Containerd.Client.Events;
using Containerd.Testing;
using Google.Protobuf;
using Xunit;
using WireEvents = Containerd.Client.Wire.Events;

namespace Containerd.Client.Tests.Events;

/// <summary>What the servers really send, and what comes of it.</summary>
public abstract class EventStreamTests(ContainerdServer server) : EventRig(server)
{
    [Fact]
    public async Task The_life_of_a_container_comes_in_order_with_its_numbers()
    {
        using var log = await EventLog.OpenAsync(Client);
        var id = await RunAsync("sh", "-c", "exit 3");
        await log.UntilAsync(EventKind.TaskExit, id);
        await Server.CtrAsync("tasks", "delete", id);

        // The shim tells it in its own time: containerd may have deleted the container before.
        await log.UntilAsync(EventKind.TaskDelete, id);
        await Server.CtrAsync("containers", "delete", id);
        await log.UntilAsync(EventKind.ContainerDelete, id);

        var events = log.Of(id).Where(e => e.Kind != EventKind.ContainerUpdate).ToList();
        Assert.Equal(
            [EventKind.ContainerCreate, EventKind.TaskCreate, EventKind.TaskStart, EventKind.TaskExit, EventKind.TaskDelete, EventKind.ContainerDelete],
            events.Select(e => e.Kind));
        Assert.Equal(
            ["/containers/create", "/tasks/create", "/tasks/start", "/tasks/exit", "/tasks/delete", "/containers/delete"], events.Select(e => e.Topic));
        var (create, start, exit, delete) = (events[0], events[2], events[3], events[4]);
        Assert.Equal("example.test/busybox:latest", create.Data["image"]);
        Assert.Equal("io.containerd.runc.v2", ((IReadOnlyDictionary<string, object?>)create.Data["Runtime"]!)["Name"]);
        Assert.True(start.Pid > 0);
        Assert.Equal((start.Pid, 3, null, false), (exit.Pid, exit.ExitCode, exit.ExecId, exit.Recovered));
        Assert.Equal((start.Pid, 3, null, exit.ExitedAt), (delete.Pid, delete.ExitCode, delete.ExecId, delete.ExitedAt));
        Assert.InRange(DateTimeOffset.UtcNow - exit.ExitedAt!.Value, TimeSpan.FromSeconds(-5), TimeSpan.FromMinutes(2));
        Assert.Equal(3L, exit.Data["ExitStatus"]);
        Assert.All(log.Events, e => Assert.Equal((Server.Namespace, Client.Session), (e.Namespace, e.Session)));
        Assert.Empty(log.Warnings);
    }

    [Fact]
    public async Task An_exec_process_is_told_apart_from_the_init_process()
    {
        var id = await RunSleepAsync();
        using var log = await EventLog.OpenAsync(Client);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Server.CtrAsync("tasks", "exec", "--exec-id", "e1", id, "sh", "-c", "exit 9"));
        await log.UntilAsync(l => l.Of(id).Count >= 3, "three events of the exec process");

        var events = log.Of(id);
        Assert.Equal([EventKind.TaskExecAdded, EventKind.TaskExecStarted, EventKind.TaskExit], events.Take(3).Select(e => e.Kind));
        Assert.All(events, e => Assert.Equal((id, "e1"), (e.Id, e.ExecId)));
        Assert.Equal((events[1].Pid, 9), (events[2].Pid, events[2].ExitCode));
    }

    [Fact]
    public async Task Everything_the_server_sends_is_known_to_the_last_field()
    {
        var stream = await EventStream.OpenAsync(Client.Scope, [], Token);
        await using var ending = stream;
        var kinds = new HashSet<EventKind>();
        var other = Server.NewNamespace();
        await Server.CtrAsync("namespaces", "create", other, "a=b");
        await Server.CtrAsync("namespaces", "label", other, "a=c");
        await Server.CtrAsync("namespaces", "remove", other);
        using var log = await EventLog.OpenAsync(Client);
        var before = await Server.CtrAsync("content", "list", "--quiet");
        await Server.ImportTestImageAsync(new TestImage { Name = "example.test/events:1", Files = new Dictionary<string, string> { ["/of"] = "this test" } });
        await Server.CtrAsync("images", "label", "example.test/events:1", "z=1");
        var id = NewId();
        await Server.CtrAsync("run", "--detach", "--null-io", "example.test/events:1", id, "sleep", "600");
        await Server.CtrAsync("containers", "label", id, "some=label");
        await Server.CtrAsync("tasks", "exec", "--exec-id", "e1", id, "true");
        await Server.CtrAsync("tasks", "pause", id);
        await Server.CtrAsync("tasks", "resume", id);
        await Server.CtrAsync("tasks", "kill", "--signal", "SIGKILL", id);
        await Client.Tasks.WaitForExitAsync(id, TimeSpan.FromSeconds(60), Token);
        await Server.CtrAsync("tasks", "delete", id);
        await Server.CtrAsync("containers", "delete", id);
        var digests = (await Server.CtrAsync("content", "list", "--quiet")).Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        await Server.CtrAsync("content", "delete", digests.First(d => !before.Contains(d, StringComparison.Ordinal)));
        await Server.CtrAsync("images", "delete", "--sync", "example.test/events:1");

        // The shim tells the daemon in its own time, and on a busy machine it may be gone before it has: then another one is asked.
        for (var more = 0; more < 10 && !await DeletionCameAsync(log, TimeSpan.FromSeconds(10)); more++)
        {
            var again = NewId();
            await Server.CtrAsync("run", "--null-io", "--rm", await ImageAsync(), again, "true");
        }

        await log.UntilAsync(l => l.Deliveries.Any(IsDeletion), "the deletion of a task");
        await PublishAsync("/test/end", new WireEvents.ContainerDelete { Id = "end" });

        await foreach (var envelope in stream.ReadAsync(Token))
        {
            if (envelope.Topic == "/test/end")
                break;
            var (message, kind) = EventMessages.Unpack(envelope.Event);
            Assert.True(kind != EventKind.Unknown, $"{envelope.Topic} {envelope.Event.TypeUrl}");
            var known = message!.Descriptor.Parser.WithDiscardUnknownFields(true).ParseFrom(envelope.Event.Value);
            Assert.Equal(envelope.Event.Value.Length, known.CalculateSize());
            Assert.NotEmpty(EventDecoder.Decode(Client.Session, envelope).Id);
            kinds.Add(kind);
        }

        EventKind[] always =
        [
            EventKind.NamespaceCreate, EventKind.NamespaceUpdate, EventKind.NamespaceDelete, EventKind.ImageCreate, EventKind.ImageUpdate,
            EventKind.ImageDelete, EventKind.SnapshotPrepare, EventKind.SnapshotCommit, EventKind.SnapshotRemove, EventKind.ContentDelete,
            EventKind.ContainerCreate, EventKind.ContainerUpdate, EventKind.ContainerDelete, EventKind.TaskCreate, EventKind.TaskStart,
            EventKind.TaskExecAdded, EventKind.TaskExecStarted, EventKind.TaskPaused, EventKind.TaskResumed, EventKind.TaskExit, EventKind.TaskDelete,
        ];
        Assert.Empty(always.Except(kinds));
        Assert.Equal(Server.Generation == ServerGeneration.Containerd2, kinds.Contains(EventKind.ContentCreate));
    }

    private static bool IsDeletion(EventDelivery delivery) => delivery.Event is { Kind: EventKind.TaskDelete, ExecId: null };

    private static async Task<bool> DeletionCameAsync(EventLog log, TimeSpan patience)
    {
        for (var until = DateTime.UtcNow + patience; DateTime.UtcNow < until; await Task.Delay(50))
        {
            if (log.Deliveries.Any(IsDeletion))
                return true;
        }

        return false;
    }

    [Fact]
    public async Task T16_what_happens_right_after_subscribing_is_heard()
    {
        for (var i = 0; i < 25; i++)
        {
            using var client = await ConnectAsync();
            using var log = await EventLog.OpenAsync(client);
            await PublishAsync("/test/first", new WireEvents.ContainerDelete { Id = $"first{i}" });
            await log.UntilAsync(EventKind.ContainerDelete, $"first{i}");
            Assert.Single(log.Deliveries);
        }
    }

    [Fact]
    public async Task T16_no_reader_sees_the_marker_and_other_programs_can_decode_it()
    {
        using var all = await EventLog.OpenAsync(Client, new EventQuery { AllNamespaces = true });
        var ctr = Server.CtrAsync("events");
        await Task.Delay(1000);
        using var client = await ConnectAsync();
        using var one = await EventLog.OpenAsync(client);
        using var filtered = await EventLog.OpenAsync(client, new EventQuery { Filters = ["topic~=\".*\""] });
        await PublishAsync("/test/last", new WireEvents.ContainerDelete { Id = "last" });
        foreach (var log in new[] { all, one, filtered })
            await log.UntilAsync(EventKind.ContainerDelete, "last");
        Assert.DoesNotContain(all.Events.Concat(one.Events).Concat(filtered.Events), e => e.Topic.Contains("psctrd", StringComparison.Ordinal));

        // A program that cannot decode an event ends, as ctr does.
        Assert.False(ctr.IsCompleted);
    }

    [Fact]
    public async Task T17_only_the_events_of_the_namespace_come_with_and_without_filters()
    {
        var other = Server.NewNamespace();
        using var here = await EventLog.OpenAsync(Client);
        using var filtered = await EventLog.OpenAsync(Client, new EventQuery { Filters = ["topic==\"/test/a\"", "topic==\"/test/b\""] });
        using var everywhere = await EventLog.OpenAsync(Client, new EventQuery { AllNamespaces = true });
        foreach (var topic in new[] { "/test/a", "/test/b", "/test/c" })
        {
            await PublishAsync(topic, new WireEvents.ContainerDelete { Id = "x" }, other);
            await PublishAsync(topic, new WireEvents.ContainerDelete { Id = "x" });
        }

        foreach (var (log, count) in new[] { (here, 3), (filtered, 2), (everywhere, 6) })
            await log.UntilAsync(l => l.Events.Count(e => e.Id == "x") >= count, $"{count} events");
        Assert.All(here.Events.Concat(filtered.Events), e => Assert.Equal(Server.Namespace, e.Namespace));
        Assert.Equal(["/test/a", "/test/b"], filtered.Events.Select(e => e.Topic));
        Assert.Equal(3, everywhere.Events.Count(e => e.Id == "x" && e.Namespace == other));
    }

    [Fact]
    public async Task T24_a_type_is_known_with_and_without_a_prefix()
    {
        using var log = await EventLog.OpenAsync(Client);
        var message = new WireEvents.TaskPaused { ContainerId = "p" };
        await PublishAsync("/tasks/paused", "containerd.events.TaskPaused", message.ToByteArray());
        await PublishAsync("/tasks/paused", "type.googleapis.com/containerd.events.TaskPaused", message.ToByteArray());
        await log.UntilAsync(l => l.Of("p").Count == 2, "both");
        Assert.All(log.Of("p"), e => Assert.Equal(EventKind.TaskPaused, e.Kind));
    }

    [Fact]
    public async Task An_event_that_cannot_be_decoded_is_a_warning_and_not_the_end()
    {
        using var log = await EventLog.OpenAsync(Client);
        await PublishAsync("/tasks/exit", "containerd.events.TaskExit", [0x0a, 0xff]);
        await PublishAsync("/plugin/news", "example.test.News", [1, 2, 3]);
        await PublishAsync("/test/end", new WireEvents.ContainerDelete { Id = "end" });
        await log.UntilAsync(EventKind.ContainerDelete, "end");

        Assert.Contains("/tasks/exit", Assert.Single(log.Warnings), StringComparison.Ordinal);
        var news = Assert.Single(log.Events, e => e.Kind == EventKind.Unknown);
        Assert.Equal(("/plugin/news", "example.test.News"), (news.Topic, news.Data["TypeUrl"]));
        Assert.Equal(new byte[] { 1, 2, 3 }, news.Data["Value"]);
    }

    [Fact]
    public async Task Killed_for_want_of_memory_sticks_to_a_container_until_it_is_deleted()
    {
        using var log = await EventLog.OpenAsync(Client);
        await PublishAsync("/tasks/oom", new WireEvents.TaskOOM { ContainerId = "greedy" });
        await PublishAsync("/tasks/start", new WireEvents.TaskStart { ContainerId = "greedy", Pid = 1 });
        await PublishAsync("/tasks/start", new WireEvents.TaskStart { ContainerId = "modest", Pid = 2 });
        await PublishAsync("/containers/delete", new WireEvents.ContainerDelete { Id = "greedy" });
        await PublishAsync("/tasks/start", new WireEvents.TaskStart { ContainerId = "greedy", Pid = 3 });
        await log.UntilAsync(l => l.Events.Count == 5, "five events");
        Assert.Equal([true, true, false, true, false], log.Events.Select(e => e.OOMKilled));
    }

    [Fact]
    public async Task A_real_lack_of_memory_is_told()
    {
        using var log = await EventLog.OpenAsync(Client);
        var id = NewId();
        await Server.CtrAsync(
            "run", "--detach", "--null-io", "--memory-limit", "16777216", await ImageAsync(), id, "sh", "-c", "sleep 1; dd if=/dev/zero of=/dev/null bs=64M count=1; sleep 600");
        await log.UntilAsync(EventKind.TaskOOM, id);
        await Server.CtrAsync("tasks", "kill", "--signal", "SIGKILL", id);
        await log.UntilAsync(EventKind.TaskExit, id);
        var exit = Assert.Single(log.Of(id), e => e.Kind == EventKind.TaskExit);
        Assert.Equal((137, true), (exit.ExitCode, exit.OOMKilled));
    }

    [Fact]
    public async Task A_filter_that_containerd_cannot_read_is_an_error_at_once()
    {
        var error = await Assert.ThrowsAsync<InvalidArgumentException>(
            () => Client.Events.SubscribeAsync(new EventQuery { Filters = ["topic==/tasks/exit"] }, Token));
        Assert.Equal("Filter", error.Parameter);
        Assert.Contains("invalid quote", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, Client.Events.StreamCount);
    }

    [Fact]
    public async Task All_who_want_the_same_share_one_stream_and_the_last_one_ends_it()
    {
        var first = await EventLog.OpenAsync(Client);
        var second = await EventLog.OpenAsync(Client.InNamespace(Client.Namespace), new EventQuery { Where = e => e.Id == "b" });
        var third = await EventLog.OpenAsync(Client, new EventQuery { AllNamespaces = true });
        Assert.Equal(2, Client.Events.StreamCount);

        first.Dispose();
        await first.Reading;
        await PublishAsync("/test/x", new WireEvents.ContainerDelete { Id = "a" });
        await PublishAsync("/test/x", new WireEvents.ContainerDelete { Id = "b" });
        await third.UntilAsync(EventKind.ContainerDelete, "b");
        await second.UntilAsync(EventKind.ContainerDelete, "b");
        Assert.Single(second.Deliveries);
        Assert.DoesNotContain(first.Events, e => e.Topic == "/test/x");

        second.Dispose();
        third.Dispose();
        await UntilAsync(() => Client.Events.StreamCount == 0, "the streams have ended");
    }

    [Fact]
    public async Task Closing_the_session_tells_the_readers()
    {
        using var client = await ConnectAsync();
        using var log = await EventLog.OpenAsync(client);
        client.Dispose();
        var error = await Assert.ThrowsAsync<ConnectionException>(() => log.Reading.WaitAsync(TimeSpan.FromSeconds(30)));
        Assert.Contains("closed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task T22_a_stream_on_which_nothing_happens_is_left_alone()
    {
        using var client = await ConnectAsync();
        using var log = await EventLog.OpenAsync(client.InNamespace(Server.NewNamespace()));
        await Task.Delay(TimeSpan.FromSeconds(15));
        Assert.Empty(log.Deliveries);
        Assert.False(log.Reading.IsCompleted);
    }
}

public sealed class EventStreamTests16(Server16 server) : EventStreamTests(server), IClassFixture<Server16>;

public sealed class EventStreamTests17(Server17 server) : EventStreamTests(server), IClassFixture<Server17>;

public sealed class EventStreamTests2(Server2 server) : EventStreamTests(server), IClassFixture<Server2>;

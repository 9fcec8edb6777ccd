using System.Collections.Concurrent;
using Containerd.Client.Connection;
using Containerd.Client.Events;
using Containerd.Client.Tests.Tasks;
using Containerd.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using EventsClient = Containerd.Client.Wire.Events.Events.EventsClient;

namespace Containerd.Client.Tests.Events;

/// <summary>A subscription and all that it has delivered so far.</summary>
public sealed class EventLog : IDisposable
{
    private readonly EventSubscription _subscription;

    private EventLog(EventSubscription subscription)
    {
        _subscription = subscription;
        Reading = Task.Run(ReadAsync);
    }

    public ConcurrentQueue<EventDelivery> Deliveries { get; } = new();

    public Task Reading { get; }

    public IReadOnlyList<ContainerdEvent> Events => [.. Deliveries.Select(d => d.Event).OfType<ContainerdEvent>()];

    public IReadOnlyList<string> Warnings => [.. Deliveries.Select(d => d.Warning).OfType<string>()];

    public static async Task<EventLog> OpenAsync(ContainerdClient client, EventQuery? query = null) =>
        new(await client.Events.SubscribeAsync(query ?? new EventQuery(), CancellationToken.None));

    public IReadOnlyList<ContainerdEvent> Of(string containerId) => [.. Events.Where(e => e.ContainerId == containerId)];

    public Task UntilAsync(EventKind kind, string id) => UntilAsync(log => log.Events.Any(e => e.Kind == kind && e.Id == id), $"{kind} of {id}");

    public async Task UntilAsync(Func<EventLog, bool> condition, string what)
    {
        for (var until = DateTime.UtcNow.AddSeconds(60); !condition(this); await Task.Delay(10))
        {
            Assert.True(
                DateTime.UtcNow < until,
                $"waited 60 s for {what}; came: {string.Join("; ", Deliveries.Select(d => d.Warning ?? $"{d.Event!.Topic} {d.Event.Id}"))}");
        }
    }

    public void Dispose() => _subscription.Dispose();

    private async Task ReadAsync()
    {
        await foreach (var delivery in _subscription.ReadAsync(CancellationToken.None))
            Deliveries.Enqueue(delivery);
    }
}

/// <summary>Containers to hear of, and events of the test's own.</summary>
public abstract class EventRig(ContainerdServer server) : TaskRig(server)
{
    /// <summary>Publishes an event as another client or a plugin would.</summary>
    protected Task PublishAsync(string topic, string typeUrl, byte[] value, string? containerdNamespace = null)
    {
        var scope = containerdNamespace is null ? Client.Scope : new CallScope(Client.Scope.Channel, containerdNamespace);
        var request = new Containerd.Client.Wire.Events.PublishRequest { Topic = topic, Event = new Any { TypeUrl = typeUrl, Value = ByteString.CopyFrom(value) } };
        return scope.CallAsync(new Attempt("publish", ResourceKind.Event, topic), o => new EventsClient(scope.Invoker).PublishAsync(request, o), Token);
    }

    protected Task PublishAsync(string topic, IMessage message, string? containerdNamespace = null) =>
        PublishAsync(topic, message.Descriptor.FullName, message.ToByteArray(), containerdNamespace);
}

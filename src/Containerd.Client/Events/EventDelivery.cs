namespace Containerd.Client.Events;

/// <summary>What a subscription delivers: an event, or a warning that stands at its place among the events.</summary>
/// <param name="Event">The event; null for a warning.</param>
/// <param name="Warning">What the reader should know, such as that events were dropped; null for an event.</param>
public readonly record struct EventDelivery(ContainerdEvent? Event, string? Warning);

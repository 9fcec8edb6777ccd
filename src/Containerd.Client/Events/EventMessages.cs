using Containerd.Client.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Events;

/// <summary>The event messages this client knows.</summary>
internal static class EventMessages
{
    // Image events are in the image service's package, all others in containerd.events.
    private static readonly Dictionary<string, (MessageDescriptor Descriptor, EventKind Kind)> s_known =
        Wire.Events.EventMessagesReflection.Descriptor.MessageTypes
            .Concat([Wire.Images.ImageCreate.Descriptor, Wire.Images.ImageUpdate.Descriptor, Wire.Images.ImageDelete.Descriptor])
            .Where(m => System.Enum.TryParse<EventKind>(m.Name, out _))
            .ToDictionary(m => m.FullName, m => (m, System.Enum.Parse<EventKind>(m.Name)), StringComparer.Ordinal);

    /// <summary>Takes an event's message out of its Any.</summary>
    /// <param name="any">The Any, its type named with or without a prefix.</param>
    /// <returns>The message; null where its type is none of ours.</returns>
    /// <exception cref="InvalidProtocolBufferException">The type is named right and the bytes are not of it.</exception>
    public static (IMessage? Message, EventKind Kind) Unpack(Any any) => s_known.TryGetValue(AnyMessage.TypeName(any), out var known)
        ? (known.Descriptor.Parser.ParseFrom(any.Value), known.Kind)
        : (null, EventKind.Unknown);
}

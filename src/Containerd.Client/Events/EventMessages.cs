using System.Collections.ObjectModel;
using System.Globalization;
using Containerd.Client.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Events;

/// <summary>The event messages this client knows, and their fields as plain values.</summary>
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

    /// <summary>A message's fields by their names, as values that PowerShell shows well.</summary>
    /// <param name="message">The message.</param>
    /// <returns>The fields; names are looked up whatever their case.</returns>
    public static IReadOnlyDictionary<string, object?> Fields(IMessage message) => ReadOnly(
        message.Descriptor.Fields.InDeclarationOrder().Select(f => (Name(f), ValueOf(f, f.Accessor.GetValue(message)))));

    /// <summary>What can be said of a message of an unknown type.</summary>
    /// <param name="any">The Any.</param>
    /// <returns>Its type URL and its bytes.</returns>
    public static IReadOnlyDictionary<string, object?> Opaque(Any? any) => any is null
        ? ReadOnly([])
        : ReadOnly([("TypeUrl", any.TypeUrl), ("Value", any.Value.ToByteArray())]);

    private static ReadOnlyDictionary<string, object?> ReadOnly(IEnumerable<(string Name, object? Value)> fields)
    {
        var byName = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in fields)
            byName[name] = value;
        return new ReadOnlyDictionary<string, object?>(byName);
    }

    private static string Name(FieldDescriptor field) =>
        string.Create(field.JsonName.Length, field.JsonName, static (name, json) =>
        {
            json.CopyTo(name);
            name[0] = char.ToUpperInvariant(name[0]);
        });

    private static object? ValueOf(FieldDescriptor field, object? value) => value switch
    {
        System.Collections.IDictionary map => ReadOnly(
            map.Keys.Cast<object>().Select(k => (Convert.ToString(k, CultureInfo.InvariantCulture)!, Plain(map[k])))),
        System.Collections.IList many => many.Cast<object>().Select(Plain).ToArray(),
        _ => Plain(value),
    };

    private static object? Plain(object? value) => value switch
    {
        Timestamp time => time.ToTime(),
        Any any => Opaque(any),
        IMessage message => Fields(message),
        ByteString bytes => bytes.ToByteArray(),
        uint number => (long)number,
        _ => value,
    };
}

using System.Collections;
using System.Collections.ObjectModel;
using System.Globalization;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Wire;

/// <summary>The fields of messages as plain values, for whoever wants more of a message than the model has properties for.</summary>
internal static class MessageFields
{
    /// <summary>A message's fields by their names (in Pascal case); they are looked up whatever the case.</summary>
    /// <param name="message">The message.</param>
    /// <returns>The fields: texts, numbers, times, byte arrays, and dictionaries and arrays of these.</returns>
    public static IReadOnlyDictionary<string, object?> Of(IMessage message) =>
        ByName(message.Descriptor.Fields.InDeclarationOrder().Select(f => (Name(f), ValueOf(f.Accessor.GetValue(message)))));

    /// <summary>What can be said of a message of an unknown type.</summary>
    /// <param name="any">The Any; null holds nothing.</param>
    /// <returns>Its type URL and its bytes.</returns>
    public static IReadOnlyDictionary<string, object?> Of(Any? any) => any is null
        ? ByName([])
        : ByName([("TypeUrl", any.TypeUrl), ("Value", any.Value.ToByteArray())]);

    private static ReadOnlyDictionary<string, object?> ByName(IEnumerable<(string Name, object? Value)> fields)
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

    private static object? ValueOf(object? value) => value switch
    {
        IDictionary map => ByName(map.Keys.Cast<object>().Select(k => (Convert.ToString(k, CultureInfo.InvariantCulture)!, Plain(map[k])))),
        IList many => many.Cast<object>().Select(Plain).ToArray(),
        _ => Plain(value),
    };

    private static object? Plain(object? value) => value switch
    {
        Timestamp time => time.ToTime(),
        Any any => Of(any),
        IMessage message => Of(message),
        ByteString bytes => bytes.ToByteArray(),
        uint number => (long)number,
        _ => value,
    };
}

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>Reads and writes the JSON of OCI documents under limits a hostile document cannot pass.</summary>
internal static class OciJson
{
    /// <summary>Deeper than any document OCI defines (a runtime spec with a seccomp profile needs 7).</summary>
    private const int MaxDepth = 64;

    private static readonly JsonDocumentOptions ReadOptions = new() { MaxDepth = MaxDepth };

    private static readonly JsonWriterOptions CompactWriting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions IndentedWriting = CompactWriting with { Indented = true };

    /// <summary>Parses a JSON object that a user gave.</summary>
    /// <exception cref="InvalidArgumentException">The text is no JSON object, or is larger or deeper than the limits.</exception>
    public static JsonObject ParseObject(ReadOnlySpan<byte> utf8, int maxBytes, string parameter)
    {
        if (utf8.Length > maxBytes)
            throw new InvalidArgumentException(parameter, $"The JSON has {utf8.Length} bytes; at most {maxBytes} are allowed.");
        try
        {
            JsonNode? node = JsonNode.Parse(utf8, documentOptions: ReadOptions);
            if (node is not JsonObject found)
                throw new InvalidArgumentException(parameter, $"A JSON object is wanted; this is {KindOf(node)}.");
            Materialise(found);
            return found;
        }
        catch (JsonException e)
        {
            throw new InvalidArgumentException(parameter, $"This is no valid JSON: {e.Message}");
        }
        // System.Text.Json reports a repeated key and a lone surrogate only when the value is first looked at.
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            throw new InvalidArgumentException(parameter, $"This JSON is ambiguous: {e.Message}");
        }
    }

    /// <summary>Parses a document of an image's content and hands its root object to <paramref name="read"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are no JSON object, are beyond the limits, or do not have the document's shape.</exception>
    public static T ReadDocument<T>(ReadOnlySpan<byte> utf8, int maxBytes, string what, Func<JsonElement, T> read)
    {
        if (utf8.Length > maxBytes)
            throw new InvalidDataException($"The {what} has {utf8.Length} bytes; at most {maxBytes} are accepted.");
        try
        {
            var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = MaxDepth });
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            // ParseValue stops after the first value; anything that follows makes the blob something else.
            if (!IsBlank(utf8[(int)reader.BytesConsumed..]))
                throw new InvalidDataException($"The {what} is no valid JSON: there is data after its end.");
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new InvalidDataException($"The {what} is no JSON object.");
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            throw new InvalidDataException($"The {what} is no valid JSON of its kind: {e.Message}", e);
        }
    }

    /// <summary>Writes a node as UTF-8 without a byte order mark.</summary>
    public static byte[] ToUtf8Bytes(JsonNode node, bool indented = false)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, indented ? IndentedWriting : CompactWriting))
            node.WriteTo(writer);
        return buffer.ToArray();
    }

    /// <summary>The member as an object; null where it is absent or null.</summary>
    /// <exception cref="InvalidArgumentException">It is something else.</exception>
    public static JsonObject? Object(JsonObject parent, string name) => parent[name] switch
    {
        null => null,
        JsonObject found => found,
        var other => throw Unexpected(name, "an object", other),
    };

    /// <summary>The member as an object, made where it is absent.</summary>
    public static JsonObject ObjectOrNew(JsonObject parent, string name)
    {
        if (Object(parent, name) is { } found)
            return found;
        var made = new JsonObject();
        parent[name] = made;
        return made;
    }

    /// <summary>The member as an array; null where it is absent or null.</summary>
    /// <exception cref="InvalidArgumentException">It is something else.</exception>
    public static JsonArray? Array(JsonObject parent, string name) => parent[name] switch
    {
        null => null,
        JsonArray found => found,
        var other => throw Unexpected(name, "an array", other),
    };

    /// <summary>The member as an array, made where it is absent.</summary>
    public static JsonArray ArrayOrNew(JsonObject parent, string name)
    {
        if (Array(parent, name) is { } found)
            return found;
        var made = new JsonArray();
        parent[name] = made;
        return made;
    }

    /// <summary>The members of an array of objects, none where it is absent.</summary>
    public static IEnumerable<JsonObject> Objects(JsonObject parent, string name)
    {
        foreach (JsonNode? item in Array(parent, name) ?? [])
            yield return item as JsonObject ?? throw Unexpected(name, "an array of objects", item);
    }

    /// <summary>The member as text; null where it is absent or null.</summary>
    public static string? Text(JsonObject parent, string name) => parent[name] is { } node ? TextOf(node, name) : null;

    /// <summary>The member as a list of text; empty where it is absent.</summary>
    public static IReadOnlyList<string> Texts(JsonObject parent, string name) =>
        [.. (Array(parent, name) ?? []).Select(item => TextOf(item, name))];

    /// <summary>The member as a truth value; false where it is absent, as in Go's reading of the spec.</summary>
    public static bool Flag(JsonObject parent, string name) => parent[name] switch
    {
        null => false,
        JsonValue value when value.GetValueKind() is JsonValueKind.True or JsonValueKind.False => value.GetValue<bool>(),
        var other => throw Unexpected(name, "true or false", other),
    };

    /// <summary>The member as a whole number; null where it is absent.</summary>
    public static long? Number(JsonObject parent, string name) => parent[name] is { } node ? NumberOf(node, name) : null;

    /// <summary>The member as a whole number that may be as large as "unlimited" is (2^64-1); 0 where it is absent.</summary>
    public static ulong Unsigned(JsonObject parent, string name) => parent[name] switch
    {
        null => 0,
        var node when ulong.TryParse(node.ToJsonString(), System.Globalization.NumberStyles.None, null, out ulong number) => number,
        var other => throw Unexpected(name, "a whole number that is not negative", other),
    };

    /// <summary>A node as a whole number.</summary>
    public static long NumberOf(JsonNode? node, string name)
    {
        // Through its text: a JsonValue answers only for the CLR type it happens to hold.
        if (node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
            && long.TryParse(value.ToJsonString(), System.Globalization.NumberStyles.AllowLeadingSign, null, out long number))
            return number;
        throw Unexpected(name, "a whole number", node);
    }

    /// <summary>An array of text.</summary>
    public static JsonArray ArrayOf(IEnumerable<string> items) => new([.. items.Select(item => (JsonNode?)JsonValue.Create(item))]);

    /// <summary>Sets the member, or removes it where there is no value: an absent member, never a null one, is what Go writes.</summary>
    public static void SetOrRemove(JsonObject parent, string name, JsonNode? value)
    {
        if (value is null)
            parent.Remove(name);
        else
            parent[name] = value;
    }

    private static string TextOf(JsonNode? node, string name) =>
        node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : throw Unexpected(name, "text", node);

    private static InvalidArgumentException Unexpected(string name, string wanted, JsonNode? found) =>
        new("Spec", $"\"{name}\" in the OCI spec must be {wanted}; this one holds {KindOf(found)}.");

    private static string KindOf(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Array => "an array",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        _ => "true or false",
    };

    private static void Materialise(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (KeyValuePair<string, JsonNode?> member in members)
                    Materialise(member.Value);
                break;
            case JsonArray items:
                foreach (JsonNode? item in items)
                    Materialise(item);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                _ = value.GetValue<string>();
                break;
        }
    }

    private static bool IsBlank(ReadOnlySpan<byte> rest) => rest.TrimStart(" \t\r\n"u8).IsEmpty;
}

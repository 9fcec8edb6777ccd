using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Containerd.Client.Oci;

/// <summary>An image's config: what it runs on, what a container of it does, and of which layers it is made.</summary>
/// <remarks>
/// Source: opencontainers/image-spec, config.md. Docker writes the same with null where there is nothing, may leave out
/// the whole config, and in old images writes a command as one text; all of that reads as the empty value.
/// </remarks>
public sealed record ImageConfig
{
    private const string What = "image config";

    /// <summary>GOARCH, such as <c>amd64</c>; empty where the image does not say.</summary>
    [JsonPropertyName("architecture")]
    public string Architecture { get; init => field = value ?? ""; } = "";

    /// <summary>GOOS, such as <c>linux</c>; empty where the image does not say.</summary>
    [JsonPropertyName("os")]
    public string Os { get; init => field = value ?? ""; } = "";

    /// <summary>The processor's variant, such as <c>v7</c>.</summary>
    [JsonPropertyName("variant")]
    public string? Variant { get; init; }

    /// <summary>The version of the operating system, for Windows.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>When the image was made; null where it does not say or says nonsense.</summary>
    [JsonPropertyName("created")]
    [JsonConverter(typeof(LenientTime))]
    public DateTimeOffset? Created { get; init; }

    /// <summary>Who made the image.</summary>
    [JsonPropertyName("author")]
    public string? Author { get; init; }

    /// <summary>How a container of the image runs.</summary>
    [JsonPropertyName("config")]
    public ExecutionConfig Config { get; init => field = value ?? new(); } = new();

    /// <summary>The layers.</summary>
    [JsonPropertyName("rootfs")]
    public RootFileSystem RootFs { get; init => field = value ?? new(); } = new();

    /// <summary>How the image came to be, oldest first.</summary>
    [JsonPropertyName("history")]
    public IReadOnlyList<ImageHistory> History { get; init => field = value is null ? [] : [.. value.OfType<ImageHistory>()]; } = [];

    /// <summary>What the image runs on.</summary>
    [JsonIgnore]
    public Platform Platform => new Platform(Os, Architecture, Variant) { OsVersion = OsVersion }.Normalized();

    /// <summary>The digests of the uncompressed layers, bottom first.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> DiffIds => RootFs.DiffIds;

    /// <summary>Parses a config.</summary>
    /// <exception cref="InvalidDataException">It is none, or names a layer by no digest.</exception>
    public static ImageConfig Parse(ReadOnlySpan<byte> utf8) => OciJson.ReadDocument(utf8, ImageJson.MaxBytes, What, static root =>
    {
        ImageConfig config = root.Deserialize(ImageJson.Plain.ImageConfig)!;
        if (config.RootFs.Type is not (null or "" or "layers"))
            throw new InvalidDataException($"The {What} has a root file system of type '{config.RootFs.Type}'; only layers are known.");
        foreach (string? diffId in config.DiffIds)
            if (!Digest.TryParse(diffId, out _))
                throw new InvalidDataException($"The {What} names a layer by '{diffId}', which is no digest.");
        return config;
    });

    /// <summary>The config as UTF-8 JSON.</summary>
    public byte[] ToUtf8Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, ImageJson.Plain.ImageConfig);
}

/// <summary>How a container of an image runs, unless its user says otherwise.</summary>
public sealed record ExecutionConfig
{
    private static readonly Dictionary<string, string> NoLabels = [];

    /// <summary>Who it runs as; empty for root.</summary>
    [JsonPropertyName("User")]
    public string User { get; init => field = value ?? ""; } = "";

    /// <summary>The ports it means to serve, such as <c>80/tcp</c>.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> ExposedPorts => [.. (PortSet ?? []).Keys];

    /// <summary>The directories it means to keep on volumes.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Volumes => [.. (VolumeSet ?? []).Keys];

    /// <summary>The environment, each entry <c>NAME=value</c>.</summary>
    [JsonPropertyName("Env")]
    public IReadOnlyList<string> Env { get; init => field = Lines.Clean(value); } = [];

    /// <summary>What is run; the command or the user's arguments follow it.</summary>
    [JsonPropertyName("Entrypoint")]
    [JsonConverter(typeof(Lines))]
    public IReadOnlyList<string> Entrypoint { get; init => field = Lines.Clean(value); } = [];

    /// <summary>The arguments of the entrypoint, or what is run where there is none.</summary>
    [JsonPropertyName("Cmd")]
    [JsonConverter(typeof(Lines))]
    public IReadOnlyList<string> Cmd { get; init => field = Lines.Clean(value); } = [];

    /// <summary>Where it starts; empty for the root directory.</summary>
    [JsonPropertyName("WorkingDir")]
    public string WorkingDir { get; init => field = value ?? ""; } = "";

    /// <summary>The image's labels.</summary>
    [JsonPropertyName("Labels")]
    public IReadOnlyDictionary<string, string> Labels { get; init => field = ImageJson.Clean(value) ?? NoLabels; } = NoLabels;

    /// <summary>The signal that asks it to stop, such as <c>SIGTERM</c> or <c>9</c>; null for SIGTERM.</summary>
    [JsonPropertyName("StopSignal")]
    public string? StopSignal { get; init; }

    /// <summary>Whether the command of a Windows image is one command line that is escaped already.</summary>
    [JsonPropertyName("ArgsEscaped")]
    public bool ArgsEscaped { get; init; }

    [JsonInclude]
    [JsonPropertyName("ExposedPorts")]
    internal Dictionary<string, JsonElement>? PortSet { get; init; }

    [JsonInclude]
    [JsonPropertyName("Volumes")]
    internal Dictionary<string, JsonElement>? VolumeSet { get; init; }
}

/// <summary>The layers of an image.</summary>
public sealed record RootFileSystem
{
    /// <summary>Always "layers".</summary>
    [JsonPropertyName("type")]
    public string? Type { get; init; } = "layers";

    /// <summary>The digests of the uncompressed layers, bottom first.</summary>
    [JsonPropertyName("diff_ids")]
    public IReadOnlyList<string> DiffIds { get; init => field = value ?? []; } = [];
}

/// <summary>One step of an image's making.</summary>
public sealed record ImageHistory
{
    /// <summary>When it was done.</summary>
    [JsonPropertyName("created")]
    [JsonConverter(typeof(LenientTime))]
    public DateTimeOffset? Created { get; init; }

    /// <summary>The command that did it.</summary>
    [JsonPropertyName("created_by")]
    public string? CreatedBy { get; init; }

    /// <summary>Who did it.</summary>
    [JsonPropertyName("author")]
    public string? Author { get; init; }

    /// <summary>What was noted about it.</summary>
    [JsonPropertyName("comment")]
    public string? Comment { get; init; }

    /// <summary>Whether it made no layer.</summary>
    [JsonPropertyName("empty_layer")]
    public bool EmptyLayer { get; init; }
}

/// <summary>Reads a time as null where it is empty, Go's zero time, or none: an image must not fail for the date it bears.</summary>
internal sealed class LenientTime : JsonConverter<DateTimeOffset?>
{
    public override DateTimeOffset? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return reader.TokenType == JsonTokenType.String
            && DateTimeOffset.TryParse(reader.GetString(), CultureInfo.InvariantCulture, utc, out DateTimeOffset time)
            && time.Year > 1 ? time : null;
    }

    public override void Write(Utf8JsonWriter writer, DateTimeOffset? value, JsonSerializerOptions options)
    {
        if (value is { } time)
            writer.WriteStringValue(time.UtcDateTime);
        else
            writer.WriteNullValue();
    }
}

/// <summary>Reads a command that is a list, one text, or null, all of which Docker has written.</summary>
internal sealed class Lines : JsonConverter<IReadOnlyList<string>>
{
    public override IReadOnlyList<string>? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.String)
            return [reader.GetString()!];
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A command is a list of text.");
        var items = new List<string>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(reader.TokenType == JsonTokenType.String ? reader.GetString()! : throw new JsonException("A command is a list of text."));
        return items;
    }

    public override void Write(Utf8JsonWriter writer, IReadOnlyList<string> value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        foreach (string item in value)
            writer.WriteStringValue(item);
        writer.WriteEndArray();
    }

    /// <summary>The list without entries that are null.</summary>
    public static IReadOnlyList<string> Clean(IReadOnlyList<string?>? items) => items is null ? [] : [.. items.OfType<string>()];
}

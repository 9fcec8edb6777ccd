using System.Text;
using System.Text.Json;

namespace Containerd;

/// <summary>
/// A container's OCI runtime spec as containerd stores it, UTF-8 JSON. It is decoded only when somebody looks: a list of a
/// thousand containers, of which most people read the id and the state, stays cheap.
/// </summary>
internal sealed class StoredSpec(ReadOnlyMemory<byte> utf8) : IEquatable<StoredSpec>
{
    // Specs with a seccomp profile are 7 deep; runc itself has no limit.
    private static readonly JsonReaderOptions s_reading = new() { MaxDepth = 256 };

    private string? _text;
    private IReadOnlyList<string>? _command;

    /// <summary>The spec as text.</summary>
    public string Text => _text ??= Encoding.UTF8.GetString(utf8.Span);

    /// <summary>What the init process runs: its arguments, or its one command line on Windows; empty where the spec has neither.</summary>
    public IReadOnlyList<string> Command => _command ??= ReadCommand();

    /// <inheritdoc/>
    public bool Equals(StoredSpec? other) => other is not null && Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as StoredSpec);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    private ReadOnlySpan<byte> Bytes => utf8.Span;

    private IReadOnlyList<string> ReadCommand()
    {
        try
        {
            var reader = new Utf8JsonReader(Bytes, s_reading);
            return Enter(ref reader, "process"u8) && ReadProcess(ref reader) is { } command ? command : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Any client may store anything as a spec; one that nobody can read has no command to show.
            return [];
        }
    }

    /// <summary>Moves into the object that is the member of the root object.</summary>
    private static bool Enter(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(name);
            reader.Read();
            if (found)
                return reader.TokenType == JsonTokenType.StartObject;
            reader.Skip();
        }

        return false;
    }

    private static List<string>? ReadProcess(ref Utf8JsonReader reader)
    {
        List<string>? commandLine = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isArguments = reader.ValueTextEquals("args"u8);
            var isCommandLine = reader.ValueTextEquals("commandLine"u8);
            reader.Read();
            if (isArguments && reader.TokenType == JsonTokenType.StartArray)
            {
                var arguments = new List<string>();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    arguments.Add(reader.GetString() ?? "");
                if (arguments.Count > 0)
                    return arguments;
            }
            else if (isCommandLine && reader.TokenType == JsonTokenType.String && reader.GetString() is { Length: > 0 } line)
            {
                commandLine = [line];
            }
            else
            {
                reader.Skip();
            }
        }

        return commandLine;
    }
}

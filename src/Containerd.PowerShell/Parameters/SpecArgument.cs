using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Parameters;

/// <summary>Reads an OCI runtime spec from whatever a user gives: a file, JSON text (or its lines), or an object such as ConvertFrom-Json makes.</summary>
internal static class SpecArgument
{
    private const string Parameter = "Spec";
    private const int MaxDepth = 64;

    /// <summary>Reads it.</summary>
    /// <param name="value">The parameter's value.</param>
    /// <param name="resolvePath">Makes a path of PowerShell one of the file system.</param>
    /// <returns>The spec.</returns>
    /// <exception cref="InvalidArgumentException">It is no JSON object.</exception>
    /// <exception cref="NotFoundException">There is no such file.</exception>
    public static RuntimeSpec Read(object value, Func<string, string> resolvePath)
    {
        var inner = value is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : value;
        switch (inner)
        {
            case string text when text.AsSpan().TrimStart().StartsWith("{"):
                return RuntimeSpec.Parse(text);
            case string path:
                return ReadFile(resolvePath(path));
            case FileInfo file:
                return ReadFile(file.FullName);
            case IEnumerable lines and not IDictionary:
                return RuntimeSpec.Parse(string.Join('\n', lines.Cast<object?>()));
            default:
                using (var buffer = new MemoryStream())
                {
                    using (var writer = new Utf8JsonWriter(buffer))
                        Write(writer, inner, 0);
                    return RuntimeSpec.Parse(buffer.ToArray());
                }
        }
    }

    private static RuntimeSpec ReadFile(string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new NotFoundException(ResourceKind.File, path, $"There is no spec file '{path}'. A spec given as text begins with {{.");
        if (file.Length > RuntimeSpec.MaxBytes)
            throw new InvalidArgumentException(Parameter, $"The spec file '{path}' has {file.Length} bytes; at most {RuntimeSpec.MaxBytes} are allowed.");
        try
        {
            return RuntimeSpec.Parse(File.ReadAllBytes(path));
        }
        catch (InvalidArgumentException e)
        {
            throw new InvalidArgumentException(Parameter, $"The spec file '{path}' cannot be used: {e.Message}", e);
        }
    }

    private static void Write(Utf8JsonWriter writer, object? value, int depth)
    {
        if (depth > MaxDepth)
            throw new InvalidArgumentException(Parameter, $"The spec is more than {MaxDepth} objects deep.");
        var inner = value is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : value;
        switch (inner)
        {
            case null:
                writer.WriteNullValue();
                break;
            case string or char or Enum or Uri or Guid:
                writer.WriteStringValue(LanguagePrimitives.ConvertTo<string>(inner));
                break;
            case bool flag:
                writer.WriteBooleanValue(flag);
                break;
            case SwitchParameter flag:
                writer.WriteBooleanValue(flag);
                break;
            case DateTime or DateTimeOffset:
                writer.WriteStringValue(((IFormattable)inner).ToString("o", CultureInfo.InvariantCulture));
                break;
            case BigInteger or sbyte or byte or short or ushort or int or uint or long or ulong or float or double or decimal:
                writer.WriteRawValue(((IFormattable)inner).ToString(null, CultureInfo.InvariantCulture));
                break;
            case IDictionary entries:
                WriteObject(writer, entries.Cast<DictionaryEntry>().Select(entry => (LanguagePrimitives.ConvertTo<string>(entry.Key), (object?)entry.Value)), depth);
                break;
            case IEnumerable items:
                writer.WriteStartArray();
                foreach (var item in items)
                    Write(writer, item, depth + 1);
                writer.WriteEndArray();
                break;
            default:
                WriteObject(writer, PSObject.AsPSObject(inner).Properties.Where(property => property.IsGettable).Select(property => (property.Name, (object?)property.Value)), depth);
                break;
        }
    }

    private static void WriteObject(Utf8JsonWriter writer, IEnumerable<(string Name, object? Value)> members, int depth)
    {
        writer.WriteStartObject();
        foreach (var (name, value) in members)
        {
            writer.WritePropertyName(name);
            Write(writer, value, depth + 1);
        }

        writer.WriteEndObject();
    }
}

using System.Globalization;
using Containerd.Client.Wire;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Containers;

/// <summary>Makes the options message that a runtime understands from names and values.</summary>
internal static class RuntimeOptionsMessage
{
    private const string Parameter = "RuntimeOptions";

    /// <summary>The options in an Any; null where there are none, so that the runtime's own defaults hold.</summary>
    /// <param name="runtime">The runtime's name: it decides what message is made.</param>
    /// <param name="options">The fields by name.</param>
    /// <exception cref="InvalidArgumentException">The runtime has no such option, or the value does not fit it.</exception>
    public static Any? Pack(string runtime, IReadOnlyDictionary<string, object?> options)
    {
        if (options.Count == 0)
            return null;
        var message = NewMessage(runtime);
        var fields = message.Descriptor.Fields.InDeclarationOrder();
        foreach (var (name, value) in options)
        {
            var field = fields.FirstOrDefault(field => !field.IsRepeated && Plain(field.Name) == Plain(name)) ?? throw new InvalidArgumentException(
                Parameter, $"'{name}' is no option of the runtime {runtime}; it has {string.Join(", ", fields.Where(f => !f.IsRepeated).Select(f => f.PropertyName))}.");
            if (value is not null)
                field.Accessor.SetValue(message, Convert(field, name, value));
        }

        return AnyMessage.Pack(message);
    }

    // containerd's client has the same three (its runtime plugins register what they unmarshal).
    private static IMessage NewMessage(string runtime) => runtime switch
    {
        "io.containerd.runc.v1" or "io.containerd.runc.v2" => new Wire.Runc.Options(),
        "io.containerd.runhcs.v1" => new Wire.Runhcs.Options(),
        _ => new Wire.RuntimeOptions.Options(),
    };

    private static string Plain(string name) => name.Replace("_", "", StringComparison.Ordinal).ToUpperInvariant();

    private static object Convert(FieldDescriptor field, string name, object value)
    {
        try
        {
            return field.FieldType switch
            {
                FieldType.Bool => System.Convert.ToBoolean(value, CultureInfo.InvariantCulture),
                FieldType.String => System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
                FieldType.UInt32 => System.Convert.ToUInt32(value, CultureInfo.InvariantCulture),
                FieldType.Int32 => System.Convert.ToInt32(value, CultureInfo.InvariantCulture),
                FieldType.UInt64 => System.Convert.ToUInt64(value, CultureInfo.InvariantCulture),
                FieldType.Int64 => System.Convert.ToInt64(value, CultureInfo.InvariantCulture),
                FieldType.Bytes => value is byte[] bytes ? ByteString.CopyFrom(bytes) : ByteString.CopyFromUtf8(System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""),
                FieldType.Enum => ToEnum(field, value),
                _ => throw new InvalidCastException(),
            };
        }
        catch (Exception e) when (e is FormatException or InvalidCastException or OverflowException)
        {
            throw new InvalidArgumentException(Parameter, $"The option {name} cannot be '{value}': it is of the type {field.FieldType.ToString().ToLowerInvariant()}.", e);
        }
    }

    private static object ToEnum(FieldDescriptor field, object value)
    {
        var text = System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        var found = field.EnumType.Values.FirstOrDefault(v => Plain(v.Name) == Plain(text) || v.Number.ToString(CultureInfo.InvariantCulture) == text)
            ?? throw new FormatException();

        // The accessor sets enums by their CLR value.
        return System.Enum.ToObject(field.EnumType.ClrType, found.Number);
    }
}

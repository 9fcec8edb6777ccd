using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Lets a parameter take mounts as texts (/on/host:/in/container:ro, type=tmpfs,destination=/tmp) or as hashtables with the same
/// keys: @{ Source = '/on/host'; Destination = '/in/container'; ReadOnly = $true }. The parameter gets texts.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class MountListAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var items = LanguagePrimitives.GetEnumerable(inputData) is { } many ? many.Cast<object?>() : [inputData];
        return items.Select(Text).ToArray();
    }

    private static string Text(object? item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is not IDictionary keys)
            return LanguagePrimitives.ConvertTo<string>(value);
        var fields = keys.Cast<DictionaryEntry>().Select(entry => $"{entry.Key}={Value(entry.Value)}");

        // In quotes a value may hold commas.
        return string.Join(',', fields.Select(field => $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
    }

    private static string Value(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        SwitchParameter flag => flag ? "true" : "false",
        not string and IEnumerable many => string.Join(':', many.Cast<object?>().Select(LanguagePrimitives.ConvertTo<string>)),
        _ => LanguagePrimitives.ConvertTo<string>(value),
    };
}

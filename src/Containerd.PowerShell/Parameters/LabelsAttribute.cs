using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Lets a parameter take labels as people type them: a hashtable, or texts key=value; a text without = is a key without
/// value. Keys keep their case, which a hashtable of PowerShell does not tell apart.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LabelsAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var labels = new Hashtable(StringComparer.Ordinal);
        foreach (var item in Items(inputData))
        {
            var value = item is PSObject wrapped ? wrapped.BaseObject : item;
            if (value is IDictionary entries)
            {
                foreach (DictionaryEntry entry in entries)
                    labels[Text(entry.Key) ?? ""] = Text(entry.Value);
            }
            else if (Text(value) is { Length: > 0 } text)
            {
                var equals = text.IndexOf('=', StringComparison.Ordinal);
                labels[equals < 0 ? text : text[..equals]] = equals < 0 ? null : text[(equals + 1)..];
            }
            else
            {
                throw new ArgumentTransformationMetadataException("A label is key=value or an entry of a hashtable; an empty text is none.");
            }
        }

        return labels;
    }

    /// <summary>The labels of a parameter with this attribute.</summary>
    /// <param name="labels">The parameter's value; null for none.</param>
    /// <returns>Keys and values; a key without value has null.</returns>
    internal static IEnumerable<KeyValuePair<string, string?>> Read(Hashtable? labels)
    {
        foreach (DictionaryEntry entry in labels ?? [])
            yield return new((string)entry.Key, (string?)entry.Value);
    }

    private static IEnumerable<object?> Items(object input) =>
        LanguagePrimitives.GetEnumerable(input) is { } many ? many.Cast<object?>() : [input];

    private static string? Text(object? value) => value is null ? null : LanguagePrimitives.ConvertTo<string>(value);
}

using System.Collections;
using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Lets a parameter take an environment as people type it: texts NAME=value, or a hashtable, in which $null removes a name.
/// The parameter gets texts, where a name alone removes.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class NameValueListAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var items = LanguagePrimitives.GetEnumerable(inputData) is { } many ? many.Cast<object?>() : [inputData];
        return items.SelectMany(Texts).ToArray();
    }

    private static IEnumerable<string> Texts(object? item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is not IDictionary entries)
            return [LanguagePrimitives.ConvertTo<string>(value)];
        return entries.Cast<DictionaryEntry>().Select(entry =>
            entry.Value is null ? LanguagePrimitives.ConvertTo<string>(entry.Key) : $"{entry.Key}={LanguagePrimitives.ConvertTo<string>(entry.Value)}");
    }
}

using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Lets a parameter of paths with wildcards take files as Get-ChildItem gives them: signs in their names that would be
/// wildcards are escaped.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FilePathsAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var items = LanguagePrimitives.GetEnumerable(inputData) is { } many ? many.Cast<object?>() : [inputData];
        return items.Select(Text).ToArray();
    }

    private static string? Text(object? item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        return value is FileSystemInfo file ? WildcardPattern.Escape(file.FullName) : LanguagePrimitives.ConvertTo<string>(item);
    }
}

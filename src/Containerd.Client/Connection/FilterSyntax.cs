using System.Globalization;
using System.Text;

namespace Containerd.Client.Connection;

/// <summary>
/// Writes containerd's filter expressions (its pkg/filters): selectors with a comma between must all match; of several
/// filters one must. A value with anything but letters, digits and few signs in it stands in quotes, as in Go.
/// </summary>
public static class FilterSyntax
{
    /// <summary>A selector for a field that has exactly a value.</summary>
    /// <param name="field">The field, such as id or image.</param>
    /// <param name="value">The value.</param>
    /// <returns>The selector.</returns>
    public static string Equal(string field, string value) => $"{field}=={Quote(value)}";

    /// <summary>The field of a label.</summary>
    /// <param name="key">The label's key, with whatever signs.</param>
    /// <returns>The field to use in a selector; alone it asks whether the label is there.</returns>
    public static string Label(string key) => $"labels.{Quote(key)}";

    /// <summary>A text in quotes, as Go's strconv.Unquote takes it apart.</summary>
    /// <param name="value">The text.</param>
    /// <returns>The text in quotes.</returns>
    public static string Quote(string value)
    {
        var quoted = new StringBuilder(value.Length + 2).Append('"');
        foreach (var c in value)
        {
            if (c is '"' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }
}

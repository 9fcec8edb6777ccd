using System.Globalization;
using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>
/// Lets a parameter take an amount of bytes as people type it: a number, PowerShell's own 256MB, or a text such as 256m, 1.5g
/// or 512MiB. All units are powers of 1024. -1, where it is allowed, means no limit.
/// </summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ByteSizeAttribute : ArgumentTransformationAttribute
{
    private const string Units = "kmgtp";

    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        return value switch
        {
            string text => Parse(text),
            IConvertible and not bool and not DateTime => LanguagePrimitives.ConvertTo<long>(value),
            _ => throw Wrong(value),
        };
    }

    private static long Parse(string text)
    {
        var unit = text.Trim().ToLowerInvariant().TrimEnd('b').TrimEnd('i');
        var power = unit.Length == 0 ? -1 : Units.IndexOf(unit[^1], StringComparison.Ordinal);
        var number = power < 0 ? unit : unit[..^1];
        if (!decimal.TryParse(number, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var amount))
            throw Wrong(text);
        try
        {
            return checked((long)decimal.Round(amount * (1L << (10 * (power + 1)))));
        }
        catch (OverflowException)
        {
            throw Wrong(text);
        }
    }

    private static ArgumentTransformationMetadataException Wrong(object? value) =>
        new($"'{value}' is no amount of bytes: give a number, 256MB, 1.5GB or the like.");
}

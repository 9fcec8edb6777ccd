using System.Globalization;
using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>Lets a TimeSpan parameter take what people type: <c>30</c> or <c>1.5</c> are seconds; a TimeSpan or 00:01:30 is taken as it is.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class DurationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        var duration = value switch
        {
            TimeSpan span => span,
            string text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) => Seconds(seconds),
            string text when TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var span) => span,
            IConvertible number and not string and not bool and not DateTime => Seconds(number.ToDouble(CultureInfo.InvariantCulture)),
            _ => throw new ArgumentTransformationMetadataException($"'{value}' is no duration: give seconds (30, 1.5) or a TimeSpan (00:01:30)."),
        };
        return duration >= TimeSpan.Zero
            ? duration
            : throw new ArgumentTransformationMetadataException($"'{value}' is negative: a duration is zero or more.");
    }

    private static TimeSpan Seconds(double seconds) => Math.Abs(seconds) <= int.MaxValue
        ? TimeSpan.FromSeconds(seconds)
        : throw new ArgumentTransformationMetadataException($"{seconds} seconds are more than a duration can be.");
}

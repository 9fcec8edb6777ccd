using System.Globalization;
using System.Management.Automation;
using Containerd.Client.Oci;

namespace Containerd.PowerShell.Parameters;

/// <summary>Lets a parameter take a signal by name or number: SIGTERM, term, 15, RTMIN+3.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SignalArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object? Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var value = inputData is PSObject wrapped ? wrapped.BaseObject : inputData;
        if (value is null)
            return null;
        try
        {
            return Signal.Parse(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
        }
        catch (InvalidArgumentException e)
        {
            throw new ArgumentTransformationMetadataException(e.Message, e);
        }
    }
}

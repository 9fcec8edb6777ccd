using System.Management.Automation;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Parameters;

/// <summary>Lets the parameter -Session take a session's name or number where it takes a session.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class SessionArgumentAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData)
    {
        var items = LanguagePrimitives.GetEnumerable(inputData) is { } many ? many.Cast<object>() : [inputData];
        return items.Select(Find).ToArray();
    }

    private static Session Find(object item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is Session session)
            return session;
        var text = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
        return SessionRegistry.Current.Sessions.FirstOrDefault(s =>
                string.Equals(s.Name, text, StringComparison.OrdinalIgnoreCase)
                || s.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) == text)
            ?? throw new ArgumentTransformationMetadataException($"There is no session '{text}': Get-CtrSession lists them, New-CtrSession opens one.");
    }
}

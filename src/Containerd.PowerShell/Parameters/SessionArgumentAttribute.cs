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

    /// <summary>Whether a session is meant by a name or number.</summary>
    /// <param name="session">The session.</param>
    /// <param name="text">The name or number.</param>
    /// <returns>True when it is.</returns>
    internal static bool IsMeant(Session session, string? text) =>
        string.Equals(session.Name, text, StringComparison.OrdinalIgnoreCase)
        || session.Id.ToString(System.Globalization.CultureInfo.InvariantCulture) == text;

    private static Session Find(object item)
    {
        var value = item is PSObject wrapped ? wrapped.BaseObject : item;
        if (value is Session session)
            return session;
        var text = Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture);
        return SessionRegistry.Current.Sessions.FirstOrDefault(s => IsMeant(s, text))
            ?? throw new ArgumentTransformationMetadataException($"There is no session '{text}': Get-CtrSession lists them, New-CtrSession opens one.");
    }
}

namespace Containerd.Client.Oci;

/// <summary>Puts environments together.</summary>
/// <remarks>Source: the rules of containerd's and docker's clients: what comes later wins in place, a name alone removes.</remarks>
public static class EnvironmentList
{
    /// <summary>The search path of a Linux container whose image has none.</summary>
    public const string DefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>Merges changes into an environment.</summary>
    /// <param name="from">The environment to start from, each entry <c>NAME=value</c>.</param>
    /// <param name="changes"><c>NAME=value</c> sets, <c>NAME=</c> sets to nothing, <c>NAME</c> removes.</param>
    /// <param name="ignoreCase">Whether names differ in case alone are one, as on Windows.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">A change has no name or holds a NUL.</exception>
    public static IReadOnlyList<string> Merge(
        IEnumerable<string> from, IEnumerable<string> changes, bool ignoreCase = false, string parameter = "Env")
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(changes);
        var merged = new List<string?>();
        var places = new Dictionary<string, int>(ignoreCase ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal);
        foreach (string entry in from)
            Put(entry, NameOf(entry));
        foreach (string? change in changes)
        {
            if (string.IsNullOrEmpty(change) || change.StartsWith('=') || change.Contains('\0', StringComparison.Ordinal))
                throw new InvalidArgumentException(
                    parameter, $"'{change}' sets nothing in an environment; give NAME=value, or NAME alone to remove it.");
            string name = NameOf(change);
            if (name.Length != change.Length)
                Put(change, name);
            else if (places.Remove(name, out int place))
                merged[place] = null;
        }

        return [.. merged.OfType<string>()];

        void Put(string entry, string name)
        {
            if (places.TryGetValue(name, out int place))
                merged[place] = entry;
            else
            {
                places[name] = merged.Count;
                merged.Add(entry);
            }
        }
    }

    /// <summary>The value of a name; null where it is not set.</summary>
    public static string? Value(IEnumerable<string> environment, string name) =>
        environment.LastOrDefault(entry => entry.StartsWith(name + "=", StringComparison.Ordinal))?[(name.Length + 1)..];

    /// <summary>
    /// The environment of a Linux process: the image's, a default PATH, TERM for a terminal, and the user's changes over all of it.
    /// </summary>
    internal static IReadOnlyList<string> ForLinux(IReadOnlyList<string> image, IReadOnlyList<string> changes, bool tty)
    {
        IEnumerable<string> from = Value(image, "PATH") is null ? image.Prepend(DefaultPath) : image;
        return Merge(tty ? Merge(from, ["TERM=xterm"]) : from, changes);
    }

    private static string NameOf(string entry) =>
        // A name may begin with "=" on Windows ("=C:=C:\dir").
        entry.IndexOf('=', Math.Min(1, entry.Length)) is var equals and >= 0 ? entry[..equals] : entry;
}

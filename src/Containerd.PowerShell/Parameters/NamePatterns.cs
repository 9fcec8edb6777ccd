using System.Management.Automation;

namespace Containerd.PowerShell.Parameters;

/// <summary>The names of an -Id or -Image parameter: literal ones, which must be there, and wildcards, which may match nothing.</summary>
internal sealed class NamePatterns
{
    private readonly WildcardPattern[] _patterns;
    private readonly HashSet<string> _literals;

    /// <summary>Takes the names apart.</summary>
    /// <param name="names">The names as typed; null for all there are.</param>
    public NamePatterns(IEnumerable<string>? names)
    {
        var all = names?.ToArray() ?? ["*"];
        Literals = [.. all.Where(name => !WildcardPattern.ContainsWildcardCharacters(name)).Distinct(StringComparer.Ordinal)];
        _literals = [.. Literals];
        _patterns = [.. all.Where(WildcardPattern.ContainsWildcardCharacters).Select(name => WildcardPattern.Get(name, WildcardOptions.IgnoreCase))];
    }

    /// <summary>The names without wildcards.</summary>
    public IReadOnlyList<string> Literals { get; }

    /// <summary>True when there are wildcards.</summary>
    public bool HasWildcards => _patterns.Length > 0;

    /// <summary>Whether a name is one of those meant: letter by letter for literals, whatever the case for wildcards.</summary>
    /// <param name="name">The name.</param>
    /// <returns>True when it is.</returns>
    public bool Match(string name) => _literals.Contains(name) || Array.Exists(_patterns, pattern => pattern.IsMatch(name));
}

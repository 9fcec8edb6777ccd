namespace Containerd.Client.Connection;

/// <summary>
/// The rule for the ids of containers, execs, leases and namespaces (containerd's pkg/identifiers): at most 76 characters,
/// letters and digits in groups that are joined by one dot, dash or underscore each.
/// </summary>
public static class Identifier
{
    /// <summary>The longest id there may be, in characters.</summary>
    public const int MaxLength = 76;

    /// <summary>Whether a text can be an id.</summary>
    /// <param name="id">The text.</param>
    /// <returns>True when it can.</returns>
    public static bool IsValid(string? id)
    {
        if (id is not { Length: > 0 and <= MaxLength })
            return false;
        var afterSeparator = true;
        foreach (var c in id)
        {
            var isSeparator = c is '.' or '-' or '_';
            if (isSeparator ? afterSeparator : !char.IsAsciiLetterOrDigit(c))
                return false;
            afterSeparator = isSeparator;
        }

        return !afterSeparator;
    }

    /// <summary>Checks an id before anything is done with it, so that the error says what is allowed.</summary>
    /// <param name="id">The id.</param>
    /// <param name="what">Whose id it is, such as "container".</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <returns>The id.</returns>
    /// <exception cref="InvalidArgumentException">The text can be no id.</exception>
    public static string Check(string? id, string what, string parameter = "Id") => IsValid(id)
        ? id!
        : throw new InvalidArgumentException(
            parameter,
            string.IsNullOrEmpty(id)
                ? $"A {what}'s id cannot be empty."
                : $"'{id}' can be no {what}'s id: one has 1 to {MaxLength} characters, letters and digits in groups joined by a single dot, dash or underscore.");
}

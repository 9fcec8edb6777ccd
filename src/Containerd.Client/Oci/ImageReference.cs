using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Containerd.Client.Oci;

/// <summary>
/// An image's name taken apart, and completed the way docker users write it: <c>busybox</c> is
/// <c>docker.io/library/busybox:latest</c>.
/// </summary>
/// <remarks>Source: the grammar and normalisation of distribution/reference, which containerd, nerdctl and docker share.</remarks>
public sealed partial record ImageReference
{
    /// <summary>The registry that a name without one means.</summary>
    public const string DefaultDomain = "docker.io";

    private const int MaxNameLength = 255;

    /// <summary>More than a host, a repository, a tag and a digest can need.</summary>
    private const int MaxLength = 1024;

    private ImageReference(string domain, string repository, string? tag, string? digest) =>
        (Domain, Repository, Tag, Digest) = (domain, repository, tag, digest);

    /// <summary>The registry's host, with its port where given: <c>docker.io</c>, <c>localhost:5000</c>.</summary>
    public string Domain { get; }

    /// <summary>The repository in the registry: <c>library/busybox</c>.</summary>
    public string Repository { get; }

    /// <summary>The tag; <c>latest</c> where neither tag nor digest was given, null where only a digest was.</summary>
    public string? Tag { get; }

    /// <summary>The digest where one was given.</summary>
    public string? Digest { get; }

    /// <summary>Registry and repository: <c>docker.io/library/busybox</c>.</summary>
    public string Name => $"{Domain}/{Repository}";

    /// <summary>The name under which containerd's clients keep the image: a digest stands alone, without the tag beside it.</summary>
    public string StoreName => Digest is null ? $"{Name}:{Tag}" : $"{Name}@{Digest}";

    /// <summary>The shortest text that means the same: <c>busybox:latest</c>.</summary>
    public string Familiar
    {
        get
        {
            string name = Domain != DefaultDomain ? Name
                : Repository.StartsWith("library/", StringComparison.Ordinal) && !Repository[8..].Contains('/', StringComparison.Ordinal) ? Repository[8..]
                : Repository;
            return name + Suffix;
        }
    }

    private string Suffix => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>The whole reference, with what was left out filled in.</summary>
    public override string ToString() => Name + Suffix;

    /// <summary>Parses and completes a reference.</summary>
    /// <param name="text">The reference as typed.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">It is no image reference; the message says what is wrong with it.</exception>
    public static ImageReference Parse(string text, string parameter = "Image") =>
        TryParse(text, out ImageReference? reference, out string? problem) ? reference
            : throw new InvalidArgumentException(parameter, $"'{Shortened(text)}' is no image reference: {problem}.");

    /// <summary>Parses and completes a reference.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference) =>
        TryParse(text, out reference, out _);

    private static bool TryParse(
        [NotNullWhen(true)] string? text, [NotNullWhen(true)] out ImageReference? reference, [NotNullWhen(false)] out string? problem)
    {
        reference = null;
        problem = Split(text ?? "", out string domain, out string repository, out string? tag, out string? digest);
        if (problem is not null)
            return false;
        reference = new(domain, repository, tag ?? (digest is null ? "latest" : null), digest);
        return true;
    }

    /// <summary>Takes a reference apart. Returns what is wrong with it, or null.</summary>
    private static string? Split(string text, out string domain, out string repository, out string? tag, out string? digest)
    {
        (domain, repository, tag, digest) = ("", "", null, null);
        if (text.Length == 0)
            return "it is empty";
        if (text.Length > MaxLength)
            return $"it has more than {MaxLength} characters";
        string rest = text;
        if (rest.IndexOf('@', StringComparison.Ordinal) is var at and >= 0)
        {
            digest = rest[(at + 1)..];
            rest = rest[..at];
            if (!Oci.Digest.TryParse(digest, out _))
                return "what follows the @ is no digest (sha256: and 64 lower-case hexadecimal digits)";
        }

        // A colon after the last slash begins the tag, one before it a port.
        if (rest.LastIndexOf(':') is var colon and >= 0 && colon > rest.LastIndexOf('/'))
        {
            tag = rest[(colon + 1)..];
            rest = rest[..colon];
            if (!TagGrammar().IsMatch(tag))
                return "a tag has up to 128 letters, digits, '_', '.' and '-', and begins with none of the last two";
        }

        if (rest.Length == 64 && !rest.AsSpan().ContainsAnyExcept("0123456789abcdef"))
            return "64 hexadecimal digits are a digest or an id, not a name";
        (domain, repository) = SplitDomain(rest);
        if (!DomainGrammar().IsMatch(domain))
            return $"'{domain}' is no host";
        if (repository.Length > MaxNameLength)
            return $"the repository has more than {MaxNameLength} characters";
        if (repository.Any(char.IsAsciiLetterUpper))
            return "the repository must be in lower case";
        return RepositoryGrammar().IsMatch(repository) ? null
            : "a repository is parts of letters and digits, joined by '.', '_', '__' or dashes, with '/' between the parts";
    }

    private static (string Domain, string Repository) SplitDomain(string name)
    {
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : name[..slash];
        // "app/web" is a repository of the default registry; only what looks like a host is one.
        bool isHost = slash >= 0 && (first.AsSpan().ContainsAny('.', ':') || first == "localhost" || first.Any(char.IsAsciiLetterUpper));
        (string domain, string repository) = isHost ? (first, name[(slash + 1)..]) : (DefaultDomain, name);
        if (domain == "index.docker.io")
            domain = DefaultDomain;
        return domain == DefaultDomain && repository.Length > 0 && !repository.Contains('/', StringComparison.Ordinal)
            ? (domain, "library/" + repository) : (domain, repository);
    }

    private static string Shortened(string? text) => text is { Length: > 100 } ? string.Concat(text.AsSpan(0, 100), "…") : text ?? "";

    [GeneratedRegex(@"\A(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?\z")]
    private static partial Regex DomainGrammar();

    [GeneratedRegex(@"\A[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*)*\z")]
    private static partial Regex RepositoryGrammar();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z")]
    private static partial Regex TagGrammar();
}

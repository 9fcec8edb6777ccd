using System.Globalization;

namespace Containerd.Client.Oci;

/// <summary>Which platforms' images run on a platform, and which of them is best.</summary>
/// <remarks>Source: containerd/platforms ("Only" and its Windows rules): an older variant of the same processor runs too.</remarks>
public static class PlatformMatch
{
    /// <summary>
    /// How well an image for <paramref name="candidate"/> suits <paramref name="wanted"/>: 0 is exact, more is worse, null is not at all.
    /// </summary>
    public static int? Rank(Platform wanted, Platform candidate)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        ArgumentNullException.ThrowIfNull(candidate);
        (wanted, candidate) = (wanted.Normalized(), candidate.Normalized());
        if (wanted.Os != candidate.Os || (wanted.Os == "windows" && !WindowsRuns(wanted.OsVersion, candidate.OsVersion)))
            return null;
        int rank = 0;
        foreach ((string architecture, string? variant) in Acceptable(wanted))
        {
            if (candidate.Architecture == architecture && (candidate.Variant ?? "") == (variant ?? ""))
                return rank;
            rank++;
        }

        return null;
    }

    private static IEnumerable<(string Architecture, string? Variant)> Acceptable(Platform wanted)
    {
        yield return (wanted.Architecture, wanted.Variant);
        switch (wanted.Architecture)
        {
            case "amd64":
                for (int level = Level(wanted.Variant) - 1; level >= 1; level--)
                    yield return ("amd64", level == 1 ? null : Variant(level));
                yield return ("386", null);
                break;
            case "arm64":
                // v9.x runs v8 too; what a v8.x adds is optional to v8, which is written without variant.
                if (wanted.Variant is not null)
                    yield return ("arm64", null);
                for (int level = 8; level >= 5; level--)
                    yield return ("arm", Variant(level));
                break;
            case "arm":
                for (int level = Level(wanted.Variant) - 1; level >= 5; level--)
                    yield return ("arm", Variant(level));
                break;
        }
    }

    private static string Variant(int level) => string.Create(CultureInfo.InvariantCulture, $"v{level}");

    private static int Level(string? variant) =>
        variant is ['v', .. var digits] && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int level) && level < 100 ? level : 1;

    /// <summary>
    /// Windows containers share the kernel's interface: up to Server 2022 the builds must be equal; from there on an
    /// image of the host's release or of the long-term release before it runs.
    /// </summary>
    private static bool WindowsRuns(string? host, string? image)
    {
        if (!Version.TryParse(host, out Version? hostVersion) || !Version.TryParse(image, out Version? imageVersion))
            return true;
        if (hostVersion.Major != imageVersion.Major || hostVersion.Minor != imageVersion.Minor)
            return false;
        const int server2022 = 20348, server2025 = 26100;
        int oldest = hostVersion.Build >= server2025 ? server2022 : Math.Min(hostVersion.Build, server2022);
        return imageVersion.Build >= oldest && imageVersion.Build <= hostVersion.Build;
    }
}

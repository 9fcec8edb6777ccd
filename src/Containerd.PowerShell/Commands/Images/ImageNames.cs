using Containerd.Client;
using Containerd.PowerShell.Parameters;

namespace Containerd.PowerShell.Commands.Images;

/// <summary>Which images a -Name parameter means: by full or short name, digest, or wildcards over full and short names.</summary>
internal static class ImageNames
{
    // The beginnings of a name that people leave out, the longest first.
    private static readonly string[] s_implied = ["docker.io/library/", "docker.io/"];

    /// <summary>Whether wildcards fit an image, by its full name or by the one that people type.</summary>
    /// <param name="names">The names as typed.</param>
    /// <param name="image">The image.</param>
    /// <returns>True when they do.</returns>
    public static bool MatchImage(this NamePatterns names, Image image) => names.Match(image.Name) || names.Match(Short(image.Name));

    /// <summary>An image's name without the beginning that people leave out.</summary>
    /// <param name="name">The full name.</param>
    /// <returns>The short one.</returns>
    public static string Short(string name) =>
        Array.Find(s_implied, beginning => name.StartsWith(beginning, StringComparison.Ordinal)) is { } implied ? name[implied.Length..] : name;

    /// <summary>The images that wildcards fit.</summary>
    /// <param name="client">The server to ask.</param>
    /// <param name="names">The names as typed.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The images.</returns>
    public static async Task<IReadOnlyList<Image>> ListAsync(ContainerdClient client, NamePatterns names, CancellationToken cancellationToken)
    {
        var images = await client.Images.ListAsync([], cancellationToken).ConfigureAwait(false);
        return [.. images.Where(names.MatchImage)];
    }
}

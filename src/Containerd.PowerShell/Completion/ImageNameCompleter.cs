using System.Management.Automation;
using Containerd.Client;

namespace Containerd.PowerShell.Completion;

/// <summary>Completes the names of images, also in the short form that people type.</summary>
public sealed class ImageNameCompleter : ServerCompleter
{
    // The implied beginnings of a name, longest first.
    private static readonly string[] s_implied = ["docker.io/library/", "docker.io/"];

    private protected override async Task<IEnumerable<CompletionResult>> FindAsync(ContainerdClient client, string word, CancellationToken cancellationToken)
    {
        var images = await client.Images.ListAsync([], cancellationToken).ConfigureAwait(false);
        return from image in images
               let shortName = ShortName(image.Name)
               let name = shortName.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? shortName
                   : image.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase) ? image.Name : null
               where name is not null
               select Completion(name, image.Name);
    }

    private static string ShortName(string name) =>
        Array.Find(s_implied, prefix => name.StartsWith(prefix, StringComparison.Ordinal)) is { } implied ? name[implied.Length..] : name;
}

using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Images;

/// <summary>Gets images.</summary>
/// <remarks>
/// <para>
/// An image is a name for a manifest in the content store, or for an index of manifests where it is for several platforms.
/// Size is what its content for the server's platform takes there, in bytes, compressed as it is; it is empty where the image
/// has nothing for that platform or its content is not complete.
/// </para>
/// <para>
/// Names are completed the way docker users write them: busybox is docker.io/library/busybox:latest. A digest, or its first
/// digits, finds an image too.
/// </para>
/// </remarks>
/// <example>
/// <para>Lists the images.</para>
/// <code>PS> Get-CtrImage</code>
/// </example>
/// <example>
/// <para>Lists the images of a registry, the largest first.</para>
/// <code>PS> Get-CtrImage registry.example.com/* | Sort-Object Size -Descending</code>
/// </example>
/// <example>
/// <para>Removes all images that are older than a month.</para>
/// <code>PS> Get-CtrImage | Where-Object UpdatedAt -lt (Get-Date).AddMonths(-1) | Remove-CtrImage</code>
/// </example>
[Cmdlet(VerbsCommon.Get, "CtrImage")]
[OutputType(typeof(Image))]
public sealed class GetCtrImageCommand : ConcurrentCommand
{
    /// <summary>
    /// The names, full or short, or digests; wildcards are allowed. All by default. A name without wildcards that is not there
    /// is an error.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[]? Name { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var names = new NamePatterns(Name);
        foreach (var client in Clients())
        {
            foreach (var name in names.Literals)
                Start(name, async token => await WriteAsync(await client.Images.FindAsync(name, token).ConfigureAwait(false), token).ConfigureAwait(false));
            if (names.HasWildcards)
                Start(client.Session, token => ListAsync(client, names, token));
        }
    }

    private async Task ListAsync(ContainerdClient client, NamePatterns names, CancellationToken token)
    {
        foreach (var image in await ImageNames.ListAsync(client, names, token).ConfigureAwait(false))
        {
            // What is also named literally is written by that.
            if (!names.Literals.Contains(image.Name))
                await WriteAsync(image, token).ConfigureAwait(false);
        }
    }

    private ValueTask WriteAsync(Image image, CancellationToken token) => Output.WriteObjectAsync(image, token);
}

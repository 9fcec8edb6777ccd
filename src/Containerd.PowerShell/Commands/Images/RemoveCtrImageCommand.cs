using System.Management.Automation;
using Containerd.Client;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Images;

/// <summary>Removes images.</summary>
/// <remarks>
/// <para>
/// Removes the names. What they stood for, content and unpacked layers, goes with the server's next garbage collection, a
/// moment later, unless another image or a container needs it: containers go on without their image's name. With -Wait the
/// cmdlet returns after that collection, when the disk space is free.
/// </para>
/// </remarks>
/// <example>
/// <para>Removes an image.</para>
/// <code>PS> Remove-CtrImage busybox</code>
/// </example>
/// <example>
/// <para>Shows what would be removed, then removes it and waits until its disk space is free.</para>
/// <code>PS> Get-CtrImage registry.example.com/* | Remove-CtrImage -WhatIf
/// PS> Get-CtrImage registry.example.com/* | Remove-CtrImage -Wait</code>
/// </example>
[Cmdlet(VerbsCommon.Remove, "CtrImage", SupportsShouldProcess = true)]
public sealed class RemoveCtrImageCommand : ConcurrentCommand
{
    /// <summary>
    /// The names, full or short, or digests; wildcards are allowed. A name without wildcards that is not there is an error.
    /// </summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string[] Name { get; set; } = [];

    /// <summary>Waits for the garbage collection that frees what only these images needed.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var names = new NamePatterns(Name);
        foreach (var client in Clients())
        {
            foreach (var (typed, image) in Find(client, names))
            {
                if (ShouldProcess($"{image.Name} ({client.Namespace})", "Remove image"))
                    Start(typed, token => RemoveAsync(client, image.Name, token));
            }
        }
    }

    /// <summary>The images by the names that they have in the server, each with what it was called.</summary>
    private IEnumerable<(string Typed, Image Image)> Find(ContainerdClient client, NamePatterns names)
    {
        var found = new Dictionary<string, (string, Image)>(StringComparer.Ordinal);
        foreach (var name in names.Literals)
        {
            if (TryAwait(name, token => client.Images.FindAsync(name, token), out var image))
                found.TryAdd(image.Name, (name, image));
        }

        if (names.HasWildcards && TryAwait(client.Session, token => ImageNames.ListAsync(client, names, token), out var matching))
        {
            foreach (var image in matching)
                found.TryAdd(image.Name, (image.Name, image));
        }

        return found.Values;
    }

    private Task RemoveAsync(ContainerdClient client, string name, CancellationToken token)
    {
        Output.WriteVerbose($"Removing image '{name}'.");
        return client.Images.DeleteAsync(name, Wait, token);
    }
}

using System.Collections;
using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Images;
using Containerd.Client.Oci;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Images;

/// <summary>Imports images from archives, or makes an image of a root file system.</summary>
/// <remarks>
/// <para>
/// Reads what docker save, podman save, nerdctl save, ctr images export, skopeo and BuildKit write: OCI image layouts and
/// archives of docker save, plain or compressed with gzip or zstd, told apart by their content. With -RootFs a directory or a
/// tar of a root file system becomes an image of one layer.
/// </para>
/// <para>
/// The content is written to the server, the layers are unpacked into the snapshotter, and last of all the image gets its
/// name: containers can be made of it at once. All is done by calls to the server, so it works over any address; the files are
/// read where the cmdlet runs. An import that fails or is stopped with Ctrl+C leaves nothing behind.
/// </para>
/// <para>
/// Archives are not trusted: what is missing, cut short, of another digest or size than said, or made to do harm (names that
/// lead out of the root file system, headers and layers that expand beyond all bounds) is an error with the id InvalidContent.
/// </para>
/// <para>
/// Of an image for several platforms all that the archive has is imported, and what is for the server's platform unpacked;
/// -Platform imports one of them alone.
/// </para>
/// </remarks>
/// <example>
/// <para>Imports an archive under the names that it says.</para>
/// <code>PS> Import-CtrImage ./app.tar.gz</code>
/// </example>
/// <example>
/// <para>Imports all archives of a directory.</para>
/// <code>PS> Get-ChildItem ./images/*.tar | Import-CtrImage</code>
/// </example>
/// <example>
/// <para>Makes an image of a directory and runs it.</para>
/// <code>PS> Import-CtrImage -RootFs ./rootfs -Name tool:1 -Command /bin/sh -Env @{ PATH = '/bin' }
/// PS> Invoke-CtrContainer tool:1 -Command sh, -c, 'echo hello'</code>
/// </example>
/// <example>
/// <para>Imports an archive on all hosts with a session.</para>
/// <code>PS> Import-CtrImage ./app.tar -Session (Get-CtrSession)</code>
/// </example>
[Cmdlet(VerbsData.Import, "CtrImage", SupportsShouldProcess = true, DefaultParameterSetName = PathSet)]
[OutputType(typeof(Image))]
public sealed class ImportCtrImageCommand : ConcurrentCommand
{
    private const string PathSet = "Path";
    private const string LiteralPathSet = "LiteralPath";
    private const string RootFsSet = "RootFs";

    /// <summary>The archives' files; wildcards are allowed.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = PathSet, ValueFromPipeline = true)]
    [SupportsWildcards]
    [ValidateNotNullOrEmpty]
    [FilePaths]
    public string[] Path { get; set; } = [];

    /// <summary>The archives' files, by paths that are taken as they are, whatever signs are in them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = LiteralPathSet, ValueFromPipelineByPropertyName = true)]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>
    /// A root file system: a directory (its owners, modes, links, devices and file capabilities are kept, what is mounted
    /// inside is left out), or a tar, plain or compressed with gzip or zstd.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = RootFsSet)]
    [ValidateNotNullOrEmpty]
    public string RootFs { get; set; } = "";

    /// <summary>
    /// The image's name instead of what the archive says, completed the way docker users write it: app is
    /// docker.io/library/app:latest. For an archive of several images whose entries have only tags, the repository.
    /// </summary>
    [Parameter(Position = 1, ParameterSetName = PathSet)]
    [Parameter(ParameterSetName = LiteralPathSet)]
    [Parameter(Mandatory = true, ParameterSetName = RootFsSet)]
    [Alias("Tag")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>The platform to import, such as linux/arm64. By default all that the archive has; for a root file system the server's.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Platform { get; set; }

    /// <summary>The snapshotter to unpack into. By default what the namespace's label containerd.io/defaults/snapshotter says, else overlayfs.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    public string? Snapshotter { get; set; }

    /// <summary>Does not unpack the image; the first container made of it does.</summary>
    [Parameter]
    public SwitchParameter NoUnpack { get; set; }

    /// <summary>Labels of the image: a hashtable or texts key=value. None may be empty.</summary>
    [Parameter]
    [Labels]
    public Hashtable? Label { get; set; }

    /// <summary>
    /// The most bytes that any layer, or a compressed archive, may have uncompressed, such as 20GB. By default 200 times its
    /// size as it is, and 1 GB in any case, which no honest one exceeds.
    /// </summary>
    [Parameter]
    [ByteSize]
    [ValidateRange(1, long.MaxValue)]
    public long MaximumSize { get; set; }

    /// <summary>What containers of the image run unless told otherwise: the arguments of the entrypoint, or the program where there is none.</summary>
    [Parameter(ParameterSetName = RootFsSet)]
    [ValidateNotNull]
    public string[] Command { get; set; } = [];

    /// <summary>The program, with its first arguments, that containers of the image run.</summary>
    [Parameter(ParameterSetName = RootFsSet)]
    [ValidateNotNull]
    public string[] Entrypoint { get; set; } = [];

    /// <summary>The environment of containers of the image: texts NAME=value or a hashtable. Without a PATH they get the usual one.</summary>
    [Parameter(ParameterSetName = RootFsSet)]
    [NameValueList]
    [ValidateNotNull]
    public string[] Env { get; set; } = [];

    /// <summary>Who containers of the image run as: a user or user:group, by name or number. root by default.</summary>
    [Parameter(ParameterSetName = RootFsSet)]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>Where containers of the image start; the root directory by default.</summary>
    [Parameter(ParameterSetName = RootFsSet)]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The signal that asks containers of the image to stop, by name or number; SIGTERM by default.</summary>
    [Parameter(ParameterSetName = RootFsSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SignalCompleter))]
    public string? StopSignal { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var clients = Clients();
        foreach (var path in ParameterSetName == RootFsSet ? Existing(RootFs) : Archives())
        {
            foreach (var client in clients)
            {
                if (ShouldProcess($"{path} ({client.Namespace})", ParameterSetName == RootFsSet ? $"Import as image {Name}" : "Import images"))
                    Start(path, token => ImportAsync(client, Options(path), token));
            }
        }
    }

    private IEnumerable<string> Archives() => ParameterSetName == LiteralPathSet
        ? LiteralPath.SelectMany(Existing)
        : Path.SelectMany(path => WildcardPattern.ContainsWildcardCharacters(path) ? Matching(path) : Existing(WildcardPattern.Unescape(path)));

    private string[] Matching(string path)
    {
        try
        {
            return [.. GetResolvedProviderPathFromPSPath(path, out _)];
        }
        catch (ItemNotFoundException)
        {
            // A wildcard that matches nothing is no error.
            return [];
        }
    }

    private string[] Existing(string path)
    {
        var full = GetUnresolvedProviderPathFromPSPath(path);
        if (File.Exists(full) || (ParameterSetName == RootFsSet && Directory.Exists(full)))
            return [full];
        WriteError(ErrorRecords.From(new NotFoundException(ResourceKind.File, path), path));
        return [];
    }

    private ImportOptions Options(string path)
    {
        // A name alone, which removes one elsewhere, has nothing to remove here.
        ImportOptions options = ParameterSetName == RootFsSet
            ? new RootFsImportOptions
            {
                Path = path,
                Config = new ExecutionConfig
                {
                    Cmd = Command,
                    Entrypoint = Entrypoint,
                    Env = [.. Env.Where(entry => entry.Contains('=', StringComparison.Ordinal))],
                    User = User ?? "",
                    WorkingDir = WorkingDirectory ?? "",
                    StopSignal = StopSignal is null ? null : Signal.Name(Signal.Parse(StopSignal, nameof(StopSignal))),
                },
            }
            : new ArchiveImportOptions { Path = path };
        return options with
        {
            Name = Name,
            Platform = Platform is null ? null : Client.Oci.Platform.Parse(Platform),
            Snapshotter = Snapshotter,
            Unpack = !NoUnpack,
            MaximumSize = MaximumSize > 0 ? MaximumSize : null,
            Labels = LabelsAttribute.Read(Label).ToDictionary(label => label.Key, label => label.Value ?? ""),
        };
    }

    private async Task ImportAsync(ContainerdClient client, ImportOptions options, CancellationToken token)
    {
        var progress = new ImportProgressBar(Output, options.Path);
        try
        {
            Output.WriteVerbose($"Importing '{options.Path}' into namespace '{client.Namespace}' of {client.Session.Address}.");
            foreach (var imported in await client.Images.ImportAsync(options, token, progress).ConfigureAwait(false))
            {
                if (options.Unpack && !imported.IsUnpacked)
                {
                    var platforms = string.Join(", ", imported.Image.Platforms);
                    Output.WriteWarning($"The image '{imported.Image.Name}' has nothing for the server's platform, so it was not unpacked; it is for {platforms}.");
                }

                await Output.WriteObjectAsync(imported.Image, token).ConfigureAwait(false);
            }
        }
        finally
        {
            progress.End();
        }
    }
}

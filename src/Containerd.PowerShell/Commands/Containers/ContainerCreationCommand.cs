using System.Collections;
using System.Management.Automation;
using Containerd.Client.Containers;
using Containerd.Client.Oci;
using Containerd.PowerShell.Completion;
using Containerd.PowerShell.Errors;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Containers;

/// <summary>The base of the cmdlets that make containers: the parameters that say what of.</summary>
public abstract class ContainerCreationCommand : ConcurrentCommand
{
    private protected const string ImageSet = "Image";
    private protected const string RootFsSet = "RootFs";
    private protected const string SpecSet = "Spec";

    private RuntimeSpec? _spec;

    private protected ContainerCreationCommand()
    {
    }

    /// <summary>
    /// The image, by its full or a short name (busybox is docker.io/library/busybox:latest), or by its digest or the first digits
    /// of it. With -Spec it gives the root file system only.
    /// </summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = ImageSet)]
    [Parameter(Position = 1, ParameterSetName = SpecSet)]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(ImageNameCompleter))]
    public string? Image { get; set; }

    /// <summary>A directory on the daemon's host that is the root file system. What the container writes is written there.</summary>
    [Parameter(Mandatory = true, ParameterSetName = RootFsSet)]
    [Parameter(ParameterSetName = SpecSet)]
    [ValidateNotNullOrEmpty]
    public string? RootFs { get; set; }

    /// <summary>
    /// A whole OCI runtime spec instead of one made here: a file's path, JSON text, or an object. Fields that this module does not
    /// know are kept. The other parameters change it where they are given.
    /// </summary>
    [Parameter(Mandatory = true, ParameterSetName = SpecSet)]
    [ValidateNotNull]
    public object? Spec { get; set; }

    /// <summary>
    /// What to run: the arguments of the image's entrypoint, or the program with its arguments where it has none. Replaces the
    /// image's own command; with -Spec the spec's whole command. An argument with a leading dash needs -- before the command, or quotes.
    /// </summary>
    [Parameter(Position = 2, ValueFromRemainingArguments = true)]
    [AllowEmptyCollection]
    [AllowEmptyString]
    public string[]? Command { get; set; }

    /// <summary>The program with its first arguments, instead of the image's entrypoint and command; @() for no entrypoint.</summary>
    [Parameter]
    [AllowEmptyCollection]
    public string[]? Entrypoint { get; set; }

    /// <summary>Environment variables beside the image's: texts NAME=value or a hashtable. A name without value, or with $null, is removed.</summary>
    [Parameter]
    [NameValueList]
    [ValidateNotNull]
    public string[] Env { get; set; } = [];

    /// <summary>Who it runs as: a user or user:group, by name or number; names and the user's further groups are looked up in the image. The image's user by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? User { get; set; }

    /// <summary>The directory it starts in, an absolute path in the container. The image's by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>The host name it sees. The host's by default.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Hostname { get; set; }

    /// <summary>
    /// Mounts, by paths on the daemon's host: /on/host:/in/container or /on/host:/in/container:ro, type=tmpfs,destination=/tmp,tmpfs-size=64m,
    /// or hashtables such as @{ Source = '/on/host'; Destination = '/in/container'; ReadOnly = $true }.
    /// </summary>
    [Parameter]
    [MountList]
    [ValidateNotNull]
    public string[] Mount { get; set; } = [];

    /// <summary>Labels of the container beside the image's: a hashtable or texts key=value. None may be empty.</summary>
    [Parameter]
    [Labels]
    public Hashtable? Label { get; set; }

    /// <summary>The most memory it may use, in bytes: 256MB, 1.5GB. No limit by default.</summary>
    [Parameter]
    [ByteSize]
    public long? Memory { get; set; }

    /// <summary>How many processors' time it may use, such as 1.5. No limit by default.</summary>
    [Parameter]
    public double? Cpu { get; set; }

    /// <summary>How many processes and threads it may have. No limit by default.</summary>
    [Parameter]
    public long? PidsLimit { get; set; }

    /// <summary>
    /// Lets it do what root of the host may: every capability, every device (with its nodes, where the daemon is on this machine),
    /// nothing under /proc and /sys masked.
    /// </summary>
    [Parameter]
    public SwitchParameter Privileged { get; set; }

    /// <summary>Makes its root file system read-only; mounts stay as they are.</summary>
    [Parameter]
    public SwitchParameter ReadOnly { get; set; }

    /// <summary>Linux capabilities to add to the default ones, such as NET_ADMIN; ALL for every one.</summary>
    [Parameter]
    [ValidateNotNull]
    public string[] CapAdd { get; set; } = [];

    /// <summary>Linux capabilities to take away, such as CHOWN; ALL for every one but those added.</summary>
    [Parameter]
    [ValidateNotNull]
    public string[] CapDrop { get; set; } = [];

    /// <summary>Lets its programs gain privileges by setuid bits and file capabilities (sudo, su, ping), which they may not by default.</summary>
    [Parameter]
    public SwitchParameter AllowNewPrivileges { get; set; }

    /// <summary>Gives it a terminal. Its output and its errors are one stream then.</summary>
    [Parameter]
    public SwitchParameter Tty { get; set; }

    /// <summary>
    /// Its network: none, which is a network of its own with nothing in it but loopback and the default, or host, the daemon's host's
    /// own, with its resolv.conf and hosts where the daemon is on this machine.
    /// </summary>
    [Parameter]
    [ValidateSet("none", "host")]
    public string? Network { get; set; }

    /// <summary>The runtime, such as io.containerd.runc.v2. By default what the namespace's label containerd.io/defaults/runtime says, else runc.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(RuntimeCompleter))]
    public string? Runtime { get; set; }

    /// <summary>
    /// Options of the runtime, by name. For runc: BinaryName, Root, SystemdCgroup, CriuImagePath, NoPivotRoot, ShimCgroup, IoUid, IoGid and others;
    /// for other runtimes TypeUrl, ConfigPath and ConfigBody.
    /// </summary>
    [Parameter]
    [ValidateNotNull]
    public Hashtable RuntimeOptions { get; set; } = [];

    /// <summary>The snapshotter of its root file system. By default what the namespace's label containerd.io/defaults/snapshotter says, else overlayfs.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(SnapshotterCompleter))]
    public string? Snapshotter { get; set; }

    /// <summary>What the parameters say is read once; a spec or mount that cannot be read ends the cmdlet, for no container can be made of it.</summary>
    protected override void BeginProcessing()
    {
        object? target = Spec;
        try
        {
            if (Spec is not null)
                _spec = SpecArgument.Read(Spec, GetUnresolvedProviderPathFromPSPath);
            target = Mount;
            _ = Mount.Select(text => MountSpec.Parse(text)).Count();
        }
        catch (Exception e) when (e is ContainerdException or IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(ErrorRecords.From(e, target is PSObject wrapped ? wrapped.BaseObject : target));
        }
    }

    /// <summary>What the parameters ask for.</summary>
    /// <param name="id">The container's id.</param>
    /// <returns>The options for the client.</returns>
    private protected ContainerOptions Options(string id) => new(id)
    {
        Image = Image,
        RootFs = RootFs,
        Spec = _spec,
        Network = Network?.ToLowerInvariant() switch
        {
            "host" => ContainerNetwork.Host,
            "none" => ContainerNetwork.None,
            _ => null,
        },
        Labels = LabelsAttribute.Read(Label).ToDictionary(label => label.Key, label => label.Value ?? ""),
        Runtime = Runtime,
        RuntimeOptions = RuntimeOptions.Cast<DictionaryEntry>().ToDictionary(
            entry => LanguagePrimitives.ConvertTo<string>(entry.Key), entry => entry.Value is PSObject wrapped ? wrapped.BaseObject : entry.Value),
        Snapshotter = Snapshotter,
        Process = new SpecOptions("", id)
        {
            Entrypoint = Entrypoint,
            Command = Command,
            Env = Env,
            User = User,
            WorkingDirectory = WorkingDirectory,
            Hostname = Hostname,
            Mounts = [.. Mount.Select(text => MountSpec.Parse(text))],
            Resources = new LinuxResources { Memory = Memory, Cpu = Cpu, PidsLimit = PidsLimit },
            Privileged = Privileged,
            ReadOnly = ReadOnly,
            CapAdd = CapAdd,
            CapDrop = CapDrop,
            NoNewPrivileges = !AllowNewPrivileges,
            Tty = Tty,
        },
    };

    /// <summary>The object an error in making a container is about: the image where it is the image that is missing, else the id.</summary>
    /// <param name="error">The error.</param>
    /// <param name="id">The container's id.</param>
    /// <returns>The target for the error record.</returns>
    private protected object? TargetOf(ContainerdException error, string id) => error is NotFoundException { Kind: ResourceKind.Image } ? Image : id;
}

using System.Management.Automation;
using Containerd.Client;
using Containerd.Client.Containers;
using Containerd.PowerShell.Errors;

namespace Containerd.PowerShell.Commands.Containers;

/// <summary>Makes containers from an image, a root file system or an OCI runtime spec; nothing runs in them yet.</summary>
/// <remarks>
/// <para>
/// From an image: its file system gets a layer of its own to write to, and what the image says of command, environment, user,
/// working directory and stop signal holds unless a parameter says otherwise. The defaults are containerd's own, made safer: no
/// new privileges, and up to 524288 open files. Start-CtrTask starts it, Invoke-CtrContainer makes, runs and removes one.
/// </para>
/// <para>
/// Making a container needs only containerd's API, over any address. What it refers to is on the daemon's host: the sources of
/// mounts, -RootFs, and with -Network host and -Privileged the host's files and devices, which are looked up where the
/// daemon is on this machine. Names in -User are looked up in the image.
/// </para>
/// <para>Whatever fails or is interrupted with Ctrl+C leaves nothing half made.</para>
/// </remarks>
/// <example>
/// <para>Makes a container and starts it.</para>
/// <code>PS> New-CtrContainer web nginx -Memory 256MB -Network host | Start-CtrTask</code>
/// </example>
/// <example>
/// <para>Makes a container with a command of its own, an environment, a user and a mount; its id is made up from the image's name.</para>
/// <code>PS> New-CtrContainer -Image busybox -Command sh, -c, 'make all' -Env @{ CI = 1 } -User 1000:1000 -Mount /src:/src -WorkingDirectory /src</code>
/// </example>
/// <example>
/// <para>Makes fifty containers side by side.</para>
/// <code>PS> 1..50 | ForEach-Object { "worker$_" } | New-CtrContainer -Image busybox -Command sleep, 600</code>
/// </example>
/// <example>
/// <para>Makes a container from a spec, changed by hand.</para>
/// <code>PS> $spec = (Get-CtrContainer web).Spec | ConvertFrom-Json
/// PS> $spec.linux | Add-Member sysctl @{ 'net.core.somaxconn' = '1024' }
/// PS> New-CtrContainer web2 -Image nginx -Spec $spec</code>
/// </example>
/// <example>
/// <para>Lets another runc than containerd's run it.</para>
/// <code>PS> New-CtrContainer test busybox -RuntimeOptions @{ BinaryName = '/usr/local/bin/crun' }</code>
/// </example>
[Cmdlet(VerbsCommon.New, "CtrContainer", SupportsShouldProcess = true, DefaultParameterSetName = ImageSet)]
[OutputType(typeof(Container))]
public sealed class NewCtrContainerCommand : ContainerCreationCommand
{
    /// <summary>
    /// The ids of the containers: 1 to 76 letters and digits, in groups joined by a dot, dash or underscore. By default one is made
    /// up from the image's name, such as busybox-k3f9x2m.
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [AllowEmptyString]
    [ValidateNotNull]
    public string[]? Id { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var from = Image is not null ? $"from image {Image}" : RootFs is not null ? $"on {RootFs}" : "from a spec";
        foreach (var client in Clients())
        {
            foreach (var id in Id ?? [ContainerId.New(Image ?? Path.GetFileName(RootFs))])
            {
                if (ShouldProcess($"{id} ({client.Namespace})", $"Create container {from}"))
                    Start(id, token => CreateAsync(client, id, token));
            }
        }
    }

    private async Task CreateAsync(ContainerdClient client, string id, CancellationToken token)
    {
        try
        {
            Output.WriteVerbose($"Creating container '{id}'.");
            var container = await client.Containers.CreateAsync(Options(id), token).ConfigureAwait(false);
            await Output.WriteObjectAsync(container, token).ConfigureAwait(false);
        }
        catch (ContainerdException e)
        {
            Output.WriteError(ErrorRecords.From(e, TargetOf(e, id)));
        }
    }
}

using System.Collections;
using System.Management.Automation;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Namespaces;

/// <summary>Creates namespaces.</summary>
/// <remarks>
/// <para>
/// There is seldom need to: the first container or image in a namespace makes it. Created beforehand it can have labels, of
/// which two choose what the namespace's containers use unless told otherwise: containerd.io/defaults/runtime and
/// containerd.io/defaults/snapshotter.
/// </para>
/// <para>A name has at most 76 letters and digits, in groups that are joined by a dot, dash or underscore.</para>
/// </remarks>
/// <example>
/// <para>Creates a namespace.</para>
/// <code>PS> New-CtrNamespace build</code>
/// </example>
/// <example>
/// <para>Creates a namespace whose containers run in Kata's virtual machines.</para>
/// <code>PS> New-CtrNamespace untrusted -Label @{ 'containerd.io/defaults/runtime' = 'io.containerd.kata.v2' }</code>
/// </example>
[Cmdlet(VerbsCommon.New, "CtrNamespace", SupportsShouldProcess = true)]
[OutputType(typeof(ContainerdNamespace))]
public sealed class NewCtrNamespaceCommand : ConcurrentCommand
{
    /// <summary>The names.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [ValidateNotNullOrEmpty]
    public string[] Name { get; set; } = [];

    /// <summary>The labels: a hashtable or texts key=value. None may be empty.</summary>
    [Parameter]
    [Labels]
    public Hashtable? Label { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var labels = LabelsAttribute.Read(Label).ToDictionary(label => label.Key, label => label.Value ?? "");
        foreach (var client in Clients())
        {
            foreach (var name in Name)
            {
                if (!ShouldProcess($"{name} ({client.Session.Name})", "Create namespace"))
                    continue;
                Start(name, async token =>
                {
                    var created = await client.Namespaces.CreateAsync(name, labels, token).ConfigureAwait(false);
                    await Output.WriteObjectAsync(created, token).ConfigureAwait(false);
                });
            }
        }
    }
}

using System.Management.Automation;
using System.Security.Cryptography.X509Certificates;
using Containerd.Client.Connection;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Pipeline;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Sessions;

/// <summary>Opens a session to a containerd.</summary>
/// <remarks>
/// <para>
/// Connects to the server, waits until it serves, and returns the session. The first session of a runspace is its default:
/// every other cmdlet uses it unless -Session names another. A lost connection comes back by itself on next use.
/// </para>
/// </remarks>
/// <example>
/// <para>Opens a session to the containerd of this machine.</para>
/// <code>PS> New-CtrSession</code>
/// </example>
/// <example>
/// <para>Looks at what Kubernetes runs on this machine.</para>
/// <code>PS> New-CtrSession -Namespace k8s.io -Name kube; Get-CtrContainer -Session kube</code>
/// </example>
[Cmdlet(VerbsCommon.New, "CtrSession")]
[OutputType(typeof(Session))]
public sealed class NewCtrSessionCommand : CtrCommand
{
    /// <summary>
    /// Where the server listens: unix:///path, an absolute path, npipe://./pipe/name or https://host:port. By default
    /// CONTAINERD_ADDRESS, else /run/containerd/containerd.sock (on Windows the pipe containerd-containerd).
    /// </summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Address { get; set; }

    /// <summary>The containerd namespace that calls use unless they name another. By default CONTAINERD_NAMESPACE, else default.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    public string? Namespace { get; set; }

    /// <summary>A name for the session, to be used with -Session.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    /// <summary>How long to wait for the server to be there, in seconds or as a TimeSpan; 10 seconds by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The deadline of calls that should answer at once, in seconds or as a TimeSpan; 60 seconds by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan CallTimeout { get; set; } = ConnectionOptions.DefaultCallTimeout;

    /// <summary>The client's certificate with its private key, for https addresses.</summary>
    [Parameter]
    public X509Certificate2? Certificate { get; set; }

    /// <summary>The certificate authority of the server's certificate, for https addresses; the system's own by default.</summary>
    [Parameter]
    public X509Certificate2? CertificateAuthority { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var registry = SessionRegistry.Current;
        var address = Address ?? SessionRegistry.AddressFromEnvironment();
        WriteVerbose($"Connecting to {address}.");
        var client = Await(address, token =>
        {
            var options = new ConnectionOptions
            {
                Address = ServerAddress.Parse(address),
                ConnectTimeout = ConnectTimeout,
                CallTimeout = CallTimeout,
                ClientCertificate = Certificate,
                CertificateAuthority = CertificateAuthority,
            };
            return registry.OpenAsync(options, Namespace ?? SessionRegistry.NamespaceFromEnvironment(), Name, token);
        });
        WriteObject(client.Session);
    }
}

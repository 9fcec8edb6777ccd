using System.Management.Automation;
using Containerd.PowerShell.Parameters;
using Containerd.PowerShell.Sessions;

namespace Containerd.PowerShell.Commands.Servers;

/// <summary>Tells whether a containerd serves.</summary>
/// <remarks>
/// <para>
/// Asks the server's health service. A server that cannot be reached or does not answer in time is an answer, not an error:
/// IsServing is then false and Error says why. With -Quiet the answer is just true or false.
/// </para>
/// </remarks>
/// <example>
/// <para>Shows the health of the session's server.</para>
/// <code>PS> Test-CtrServer</code>
/// </example>
/// <example>
/// <para>Waits until the server serves.</para>
/// <code>PS> while (-not (Test-CtrServer -Quiet)) { Start-Sleep 1 }</code>
/// </example>
[Cmdlet(VerbsDiagnostic.Test, "CtrServer")]
[OutputType(typeof(ServerHealth), typeof(bool))]
public sealed class TestCtrServerCommand : ConcurrentCommand
{
    /// <summary>How long to wait for the answer, in seconds or as a TimeSpan; 5 seconds by default.</summary>
    [Parameter]
    [Duration]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gives true or false instead of an object.</summary>
    [Parameter]
    public SwitchParameter Quiet { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var client in Clients())
        {
            Start(client.Session, async token =>
            {
                var health = await client.Server.CheckHealthAsync(Timeout, token).ConfigureAwait(false);
                await Output.WriteObjectAsync(Quiet ? health.IsServing : health, token).ConfigureAwait(false);
            });
        }
    }
}

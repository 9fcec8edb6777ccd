using System.Diagnostics;
using System.Management.Automation;
using Containerd.Client;
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
        var registry = SessionRegistry.Current;
        if (Session is null && registry.Default is null)
        {
            Start(null, token => CheckDefaultAsync(registry, token));
            return;
        }

        foreach (var client in Clients())
            Start(client.Session, token => CheckAsync(client, token));
    }

    private async Task CheckDefaultAsync(SessionRegistry registry, CancellationToken token)
    {
        var clock = Stopwatch.StartNew();
        ContainerdClient client;
        try
        {
            client = await registry.OpenDefaultAsync(Timeout, token).ConfigureAwait(false);
        }
        catch (ConnectionException e)
        {
            await WriteAsync(new ServerHealth { Address = e.Address, IsServing = false, ResponseTime = clock.Elapsed, Error = e.Message }, token).ConfigureAwait(false);
            return;
        }

        await CheckAsync(client, token).ConfigureAwait(false);
    }

    private async Task CheckAsync(ContainerdClient client, CancellationToken token) =>
        await WriteAsync(await client.Server.CheckHealthAsync(Timeout, token).ConfigureAwait(false), token).ConfigureAwait(false);

    private ValueTask WriteAsync(ServerHealth health, CancellationToken token) =>
        Output.WriteObjectAsync(Quiet ? health.IsServing : health, token);
}

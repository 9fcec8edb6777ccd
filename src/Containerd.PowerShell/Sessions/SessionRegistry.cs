using System.Management.Automation.Runspaces;
using System.Runtime.CompilerServices;
using Containerd.Client;
using Containerd.Client.Connection;

namespace Containerd.PowerShell.Sessions;

/// <summary>
/// The sessions of a runspace, the first of which is its default. A session object itself works in any runspace, so that
/// it can be passed to ForEach-Object -Parallel.
/// </summary>
internal sealed class SessionRegistry
{
    /// <summary>The namespace that ctr and nerdctl use unless told otherwise.</summary>
    public const string DefaultNamespace = "default";

    private static readonly ConditionalWeakTable<Runspace, SessionRegistry> s_byRunspace = [];
    private static readonly ConditionalWeakTable<Session, ContainerdClient> s_clients = [];

    private static readonly TimeSpan s_connectTimeout = TimeSpan.FromSeconds(10);

    private readonly List<Session> _sessions = [];
    private readonly SemaphoreSlim _opening = new(1);

    /// <summary>The registry of the runspace that runs the cmdlet.</summary>
    public static SessionRegistry Current => s_byRunspace.GetOrCreateValue(Runspace.DefaultRunspace);

    /// <summary>The runspace's sessions in the order they were opened.</summary>
    public IReadOnlyList<Session> Sessions
    {
        get
        {
            lock (_sessions)
                return [.. _sessions];
        }
    }

    /// <summary>The session that cmdlets use unless told otherwise: the first one still open; null when there is none.</summary>
    public Session? Default => Sessions.Count > 0 ? Sessions[0] : null;

    /// <summary>The connected client of a session.</summary>
    /// <param name="session">The session.</param>
    /// <returns>Its client.</returns>
    /// <exception cref="ConnectionException">The session is closed.</exception>
    public static ContainerdClient ClientOf(Session session) =>
        session.State == SessionState.Open && s_clients.TryGetValue(session, out var client)
            ? client
            : throw new ConnectionException(session.Address, $"The session '{session.Name}' to {session.Address} is closed: open another with New-CtrSession.");

    /// <summary>Opens a session and keeps it.</summary>
    /// <param name="options">Where and how to connect.</param>
    /// <param name="containerdNamespace">The session's namespace.</param>
    /// <param name="name">Its name; null for a made one.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client.</returns>
    public async Task<ContainerdClient> OpenAsync(
        ConnectionOptions options, string containerdNamespace, string? name, CancellationToken cancellationToken)
    {
        var client = await ContainerdClient.ConnectAsync(options, containerdNamespace, name, cancellationToken).ConfigureAwait(false);
        s_clients.Add(client.Session, client);
        lock (_sessions)
            _sessions.Add(client.Session);
        return client;
    }

    /// <summary>
    /// The client of the default session; opens one from CONTAINERD_ADDRESS and CONTAINERD_NAMESPACE, else the platform's
    /// default socket and the namespace "default", exactly as ctr and nerdctl do.
    /// </summary>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client.</returns>
    public Task<ContainerdClient> OpenDefaultAsync(CancellationToken cancellationToken) => OpenDefaultAsync(s_connectTimeout, cancellationToken);

    /// <summary>As <see cref="OpenDefaultAsync(CancellationToken)"/>, with a connect timeout of one's own.</summary>
    /// <param name="connectTimeout">How long to wait for the server to be there, where a session is opened.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client.</returns>
    public async Task<ContainerdClient> OpenDefaultAsync(TimeSpan connectTimeout, CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return Default is { } session
                ? ClientOf(session)
                : await OpenAsync(
                    new ConnectionOptions { Address = ServerAddress.Parse(AddressFromEnvironment()), ConnectTimeout = connectTimeout },
                    NamespaceFromEnvironment(), null, cancellationToken)
                    .ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>The address to use when none is given.</summary>
    /// <returns>CONTAINERD_ADDRESS, else the platform's default.</returns>
    public static string AddressFromEnvironment() => Environment.GetEnvironmentVariable("CONTAINERD_ADDRESS") is { Length: > 0 } address
        ? address
        : ServerAddress.Default;

    /// <summary>The namespace to use when none is given.</summary>
    /// <returns>CONTAINERD_NAMESPACE, else "default".</returns>
    public static string NamespaceFromEnvironment() => Environment.GetEnvironmentVariable("CONTAINERD_NAMESPACE") is { Length: > 0 } name
        ? name
        : DefaultNamespace;

    /// <summary>Closes a session: its calls, streams and attached IO end, its containers go on.</summary>
    /// <param name="session">The session, of this or another runspace.</param>
    public void Close(Session session)
    {
        lock (_sessions)
            _sessions.Remove(session);
        if (s_clients.TryGetValue(session, out var client))
        {
            s_clients.Remove(session);
            client.Dispose();
        }
    }

    /// <summary>Closes all sessions of the runspace.</summary>
    public void CloseAll()
    {
        foreach (var session in Sessions)
            Close(session);
    }
}

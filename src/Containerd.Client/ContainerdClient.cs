using Containerd.Client.Connection;
using Containerd.Client.Containers;
using Containerd.Client.Content;
using Containerd.Client.Events;
using Containerd.Client.Images;
using Containerd.Client.Io;
using Containerd.Client.Leases;
using Containerd.Client.Metrics;
using Containerd.Client.Namespaces;
using Containerd.Client.Servers;
using Containerd.Client.Snapshots;
using Containerd.Client.Tasks;

namespace Containerd.Client;

/// <summary>
/// A connected client of one containerd, seen from one namespace. All views of a client (<see cref="InNamespace"/>) share
/// its channel and its IO thread; disposing the client that was connected ends them all.
/// </summary>
public sealed class ContainerdClient : IDisposable
{
    private static int s_lastId;

    private readonly Shared _shared;

    private ContainerdClient(Session session, CallScope scope, Shared shared) =>
        (Session, Scope, _shared) = (session, scope, shared);

    /// <summary>The session whose objects this client makes.</summary>
    public Session Session { get; }

    /// <summary>The containerd namespace of the calls.</summary>
    public string Namespace => Scope.Namespace;

    /// <summary>The channel and headers of the calls.</summary>
    public CallScope Scope { get; }

    /// <summary>Serves all FIFOs of the session; its thread starts with the first of them.</summary>
    public FifoPoller Poller => _shared.Poller;

    /// <summary>What happens on the server.</summary>
    public EventService Events => new(Session, Scope, _shared.Events);

    /// <summary>What the server says of itself.</summary>
    public ServerInfo Server => new(Session, Scope);

    /// <summary>The server's namespaces.</summary>
    public NamespaceStore Namespaces => new(Session, Scope);

    /// <summary>The leases of the namespace.</summary>
    public LeaseStore Leases => new(this);

    /// <summary>The content store: manifests, configs and layers by their digests.</summary>
    public ContentStore Content => new(Session, Scope);

    /// <summary>The images of the namespace.</summary>
    public ImageStore Images => new(this, _shared.Images);

    /// <summary>What runs in the containers.</summary>
    public TaskService Tasks => new(this);

    /// <summary>What detached tasks write.</summary>
    public TaskLogs Logs => new(this);

    /// <summary>Further processes in running containers.</summary>
    public ExecService Execs => new(this, _shared.Reaper);

    /// <summary>What the containers use.</summary>
    public StatsService Stats => new(this);

    /// <summary>The server's unpacking of layers.</summary>
    public LayerDiff LayerDiff => new(Scope);

    /// <summary>The containers of the namespace.</summary>
    public ContainerStore Containers => new(this);

    /// <summary>Connects, and waits until the server serves or the connect timeout has passed.</summary>
    /// <param name="options">Where and how to connect.</param>
    /// <param name="containerdNamespace">The containerd namespace of the calls.</param>
    /// <param name="name">The session's name; its number and address by default.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client.</returns>
    /// <exception cref="ConnectionException">No server, or no permission.</exception>
    public static async Task<ContainerdClient> ConnectAsync(
        ConnectionOptions options, string containerdNamespace, string? name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var channel = new ContainerdChannel(options);
        try
        {
            var scope = new CallScope(channel, containerdNamespace);
            await ServingWait.UntilServingAsync(scope, cancellationToken).ConfigureAwait(false);
            var id = Interlocked.Increment(ref s_lastId);
            var session = new Session(id, name ?? $"Session{id}", options.Address.ToString(), containerdNamespace, options.Address.IsLocal);
            return new ContainerdClient(session, scope, new Shared(new SessionImages(), new FifoPoller(), new EventHub(), new ExecReaper()));
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    /// <summary>The same client seen from another containerd namespace.</summary>
    /// <param name="containerdNamespace">The namespace of the view's calls.</param>
    /// <returns>A view that shares everything else.</returns>
    public ContainerdClient InNamespace(string containerdNamespace) => containerdNamespace == Namespace
        ? this
        : new ContainerdClient(Session, new CallScope(Scope.Channel, containerdNamespace, Scope.Lease), _shared);

    /// <summary>The same client whose calls are protected by a lease.</summary>
    /// <param name="lease">The lease's id; null for none.</param>
    /// <returns>A view that shares everything else.</returns>
    public ContainerdClient UnderLease(string? lease) => new(Session, Scope.WithLease(lease), _shared);

    /// <summary>A snapshotter of the server.</summary>
    /// <param name="name">Its name, such as overlayfs.</param>
    /// <returns>The snapshots it holds in the namespace.</returns>
    public Snapshotter Snapshots(string name) => new(Session, Scope, name);

    /// <summary>Ends every call, stream and attached IO of the session; containers go on.</summary>
    public void Dispose()
    {
        Session.MarkClosed();
        _shared.Reaper.Dispose();
        Poller.Dispose();
        Scope.Channel.Dispose();
    }

    /// <summary>What all views of the client share, beside the channel.</summary>
    private sealed record Shared(SessionImages Images, FifoPoller Poller, EventHub Events, ExecReaper Reaper);
}

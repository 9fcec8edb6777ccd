using System.Globalization;
using Containerd.Client.Connection;

namespace Containerd.Client.Leases;

/// <summary>The leases of a namespace: they keep the garbage collector off what nothing refers to yet.</summary>
public sealed class LeaseStore
{
    /// <summary>The label whose time ends a lease.</summary>
    public const string ExpireLabel = "containerd.io/gc.expire";

    // As long as containerd's own client gives a lease that nobody deletes.
    private static readonly TimeSpan s_defaultLifetime = TimeSpan.FromHours(24);

    private readonly ContainerdClient _client;
    private readonly CallScope _scope;

    internal LeaseStore(ContainerdClient client) => (_client, _scope) = (client, client.Scope);

    private Wire.Leases.Leases.LeasesClient Calls => new(_scope.Invoker);

    /// <summary>
    /// Makes a lease to work under: what its <see cref="HeldLease.Client"/> makes is safe from the garbage collector until
    /// the lease is disposed. A multi-step write without one can lose its first step to a collection (trap T20).
    /// A client that works under a lease already goes on under that one.
    /// </summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="lifetime">After what time the server may take the lease if nobody deletes it; 24 hours by default.</param>
    /// <param name="labels">Further labels.</param>
    /// <returns>The lease; dispose it when what was made is referred to.</returns>
    public async Task<HeldLease> CreateAsync(
        CancellationToken cancellationToken, TimeSpan? lifetime = null, IReadOnlyDictionary<string, string>? labels = null)
    {
        if (_scope.Lease is { } outer)
            return new HeldLease(_client, outer, owned: false);

        var all = new Dictionary<string, string>(labels ?? new Dictionary<string, string>())
        {
            [ExpireLabel] = (DateTimeOffset.UtcNow + (lifetime ?? s_defaultLifetime)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
        };
        var lease = await CreateAsync("ps-" + Guid.NewGuid().ToString("N"), all, cancellationToken).ConfigureAwait(false);
        return new HeldLease(_client.UnderLease(lease.Id), lease.Id, owned: true);
    }

    /// <summary>Makes a lease that lives until it is deleted, or as its label containerd.io/gc.expire says.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="labels">Its labels.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The lease.</returns>
    /// <exception cref="AlreadyExistsException">The id is in use.</exception>
    public async Task<Lease> CreateAsync(string id, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new Wire.Leases.CreateRequest { Id = id, Labels = { (IDictionary<string, string>)new Dictionary<string, string>(labels) } };
        var reply = await _scope.CallAsync(About("create", id), o => Calls.CreateAsync(request, o), cancellationToken).ConfigureAwait(false);
        return Describe(reply.Lease);
    }

    /// <summary>The leases of the namespace.</summary>
    /// <param name="filters">containerd filters, any of which may match, such as id==abc; none for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The leases.</returns>
    public async Task<IReadOnlyList<Lease>> ListAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var request = new Wire.Leases.ListRequest { Filters = { filters } };
        var reply = await _scope.CallAsync(
            new Attempt("list the leases", ResourceKind.Lease, ""), o => Calls.ListAsync(request, o), cancellationToken).ConfigureAwait(false);
        return [.. reply.Leases.Select(Describe)];
    }

    /// <summary>Deletes a lease: what nothing else holds goes with the next garbage collection.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="collect">True to wait for that collection.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when the lease is gone.</returns>
    /// <exception cref="NotFoundException">No such lease.</exception>
    public Task DeleteAsync(string id, bool collect, CancellationToken cancellationToken)
    {
        var request = new Wire.Leases.DeleteRequest { Id = id, Sync = collect };
        return _scope.CallAsync(
            About("delete", id), o => Calls.DeleteAsync(request, o), cancellationToken, collect ? Timeout.InfiniteTimeSpan : null);
    }

    /// <summary>Puts something that exists under a lease.</summary>
    /// <param name="id">The lease's id.</param>
    /// <param name="resource">What to protect.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when it is protected.</returns>
    /// <exception cref="NotFoundException">No such lease.</exception>
    public Task AddResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken)
    {
        var request = new Wire.Leases.AddResourceRequest { Id = id, Resource = ToWire(resource) };
        return _scope.CallAsync(About("add to", id), o => Calls.AddResourceAsync(request, o), cancellationToken);
    }

    /// <summary>Takes something from under a lease.</summary>
    /// <param name="id">The lease's id.</param>
    /// <param name="resource">What to protect no longer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when the lease no longer holds it.</returns>
    /// <exception cref="NotFoundException">No such lease.</exception>
    public Task RemoveResourceAsync(string id, LeaseResource resource, CancellationToken cancellationToken)
    {
        var request = new Wire.Leases.DeleteResourceRequest { Id = id, Resource = ToWire(resource) };
        return _scope.CallAsync(About("remove from", id), o => Calls.DeleteResourceAsync(request, o), cancellationToken);
    }

    /// <summary>What a lease protects.</summary>
    /// <param name="id">The lease's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its resources.</returns>
    /// <exception cref="NotFoundException">No such lease.</exception>
    public async Task<IReadOnlyList<LeaseResource>> ListResourcesAsync(string id, CancellationToken cancellationToken)
    {
        var request = new Wire.Leases.ListResourcesRequest { Id = id };
        var reply = await _scope.CallAsync(About("look into", id), o => Calls.ListResourcesAsync(request, o), cancellationToken)
            .ConfigureAwait(false);
        return [.. reply.Resources.Select(resource => new LeaseResource(resource.Type, resource.Id))];
    }

    private static Attempt About(string verb, string id) => new($"{verb} lease '{id}'", ResourceKind.Lease, id);

    private static Wire.Leases.Resource ToWire(LeaseResource resource) => new() { Type = resource.Type, Id = resource.Id };

    private Lease Describe(Wire.Leases.Lease lease) => new()
    {
        Session = _client.Session,
        Namespace = _scope.Namespace,
        Id = lease.Id,
        CreatedAt = lease.CreatedAt.ToDateTimeOffset(),
        ExpiresAt = lease.Labels.TryGetValue(ExpireLabel, out var text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
                ? time
                : null,
        Labels = new Dictionary<string, string>(lease.Labels),
    };
}

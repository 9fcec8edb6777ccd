using Containerd.Client.Connection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Namespaces;

/// <summary>The containerd namespaces of a server.</summary>
public sealed class NamespaceStore
{
    private readonly Session _session;
    private readonly CallScope _scope;

    internal NamespaceStore(Session session, CallScope scope) => (_session, _scope) = (session, scope);

    private Wire.Namespaces.Namespaces.NamespacesClient Calls => new(_scope.Invoker);

    /// <summary>All namespaces.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The namespaces by name.</returns>
    public async Task<IReadOnlyList<ContainerdNamespace>> ListAsync(CancellationToken cancellationToken)
    {
        var reply = await _scope.CallAsync(
            new Attempt("list the namespaces", ResourceKind.Namespace, ""),
            o => Calls.ListAsync(new Wire.Namespaces.ListNamespacesRequest(), o),
            cancellationToken).ConfigureAwait(false);
        return [.. reply.Namespaces.OrderBy(n => n.Name, StringComparer.Ordinal).Select(Describe)];
    }

    /// <summary>A namespace by its name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The namespace.</returns>
    /// <exception cref="NotFoundException">No such namespace.</exception>
    public async Task<ContainerdNamespace> GetAsync(string name, CancellationToken cancellationToken)
    {
        // Asked for one that is not there, every server answers with one without labels: only the list tells.
        var all = await ListAsync(cancellationToken).ConfigureAwait(false);
        return all.FirstOrDefault(found => found.Name == name) ?? throw new NotFoundException(ResourceKind.Namespace, name);
    }

    /// <summary>The labels of a namespace; none where it is not there.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The labels, by key.</returns>
    public async Task<IReadOnlyDictionary<string, string>> GetLabelsAsync(string name, CancellationToken cancellationToken)
    {
        var request = new Wire.Namespaces.GetNamespaceRequest { Name = name };
        var reply = await _scope.CallAsync(About("get", name), o => Calls.GetAsync(request, o), cancellationToken).ConfigureAwait(false);
        return new Dictionary<string, string>(reply.Namespace?.Labels ?? []);
    }

    /// <summary>Makes a namespace. The first write into one that does not exist makes it too, without labels.</summary>
    /// <param name="name">The name.</param>
    /// <param name="labels">The labels.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The namespace.</returns>
    /// <exception cref="AlreadyExistsException">There is one of that name.</exception>
    /// <exception cref="InvalidArgumentException">No namespace can have that name or these labels.</exception>
    public async Task<ContainerdNamespace> CreateAsync(
        string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        Identifier.Check(name, "namespace", "Name");
        var request = new Wire.Namespaces.CreateNamespaceRequest { Namespace = ToWire(name, labels) };
        var reply = await _scope.CallAsync(About("create", name), o => Calls.CreateAsync(request, o), cancellationToken).ConfigureAwait(false);
        return Describe(reply.Namespace);
    }

    /// <summary>Sets labels of a namespace and leaves its other labels alone (trap T21).</summary>
    /// <param name="name">The name.</param>
    /// <param name="labels">The labels to set; an empty value removes one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The namespace with all its labels.</returns>
    /// <exception cref="NotFoundException">No such namespace.</exception>
    public async Task<ContainerdNamespace> UpdateLabelsAsync(
        string name, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        var request = new Wire.Namespaces.UpdateNamespaceRequest
        {
            Namespace = ToWire(name, labels),
            UpdateMask = new FieldMask { Paths = { labels.Keys.Select(key => "labels." + key) } },
        };
        await _scope.CallAsync(About("label", name), o => Calls.UpdateAsync(request, o), cancellationToken).ConfigureAwait(false);

        // The answer to the update holds no labels, on newer servers nothing at all.
        return await GetAsync(name, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a namespace, which must be empty.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when it is gone.</returns>
    /// <exception cref="NotFoundException">No such namespace.</exception>
    /// <exception cref="FailedPreconditionException">It still has containers, images, content, snapshots or leases.</exception>
    public Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        var request = new Wire.Namespaces.DeleteNamespaceRequest { Name = name };
        return _scope.CallAsync(About("delete", name), o => Calls.DeleteAsync(request, o), cancellationToken);
    }

    private static Attempt About(string verb, string name) => new($"{verb} namespace '{name}'", ResourceKind.Namespace, name);

    private static Wire.Namespaces.Namespace ToWire(string name, IReadOnlyDictionary<string, string> labels) =>
        new() { Name = name, Labels = { (IDictionary<string, string>)new Dictionary<string, string>(labels) } };

    private ContainerdNamespace Describe(Wire.Namespaces.Namespace found) => new()
    {
        Session = _session,
        Namespace = found.Name,
        Labels = new Dictionary<string, string>(found.Labels),
    };
}

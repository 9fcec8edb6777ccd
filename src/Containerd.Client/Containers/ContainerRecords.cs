using Containerd.Client.Connection;
using Google.Protobuf.WellKnownTypes;
using ContainersClient = Containerd.Client.Wire.Containers.Containers.ContainersClient;
using Record = Containerd.Client.Wire.Containers.Container;

namespace Containerd.Client.Containers;

/// <summary>The records containerd keeps of containers, as they are on the wire. It knows nothing of tasks and snapshots.</summary>
internal sealed class ContainerRecords(CallScope scope)
{
    private readonly ContainersClient _client = new(scope.Invoker);

    /// <summary>The record of a container.</summary>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    public async Task<Record> GetAsync(string id, CancellationToken cancellationToken)
    {
        var reply = await scope.CallAsync(
            About("get", id), o => _client.GetAsync(new Wire.Containers.GetContainerRequest { Id = id }, o), cancellationToken).ConfigureAwait(false);
        return reply.Container;
    }

    /// <summary>
    /// All records that one of the filters matches; all there are without a filter. They come one by one, because all in one
    /// message can be more than the 16 MiB a message may have; a server without the streaming call is asked for one message.
    /// </summary>
    public async Task<IReadOnlyList<Record>> ListAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var attempt = new Attempt("list containers", ResourceKind.Container, "");
        var request = new Wire.Containers.ListContainersRequest { Filters = { filters } };
        try
        {
            var records = new List<Record>();
            await foreach (var message in scope.StreamAsync(attempt, o => _client.ListStream(request, o), cancellationToken).ConfigureAwait(false))
                records.Add(message.Container);
            return records;
        }
        catch (ContainerdException e) when (e.Status == ServerStatus.Unimplemented)
        {
            var reply = await scope.CallAsync(attempt, o => _client.ListAsync(request, o), cancellationToken).ConfigureAwait(false);
            return reply.Containers;
        }
    }

    /// <summary>Makes a record.</summary>
    /// <exception cref="AlreadyExistsException">The id is in use.</exception>
    public async Task<Record> CreateAsync(Record record, CancellationToken cancellationToken)
    {
        var reply = await scope.CallAsync(
            About("create", record.Id), o => _client.CreateAsync(new Wire.Containers.CreateContainerRequest { Container = record }, o), cancellationToken)
            .ConfigureAwait(false);
        return reply.Container;
    }

    /// <summary>
    /// Changes fields of a record. There is no way to leave out the mask: without one the server replaces the whole record,
    /// and every label that was not sent is lost (trap T21).
    /// </summary>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    public async Task<Record> UpdateAsync(Record record, IEnumerable<string> mask, CancellationToken cancellationToken)
    {
        var request = new Wire.Containers.UpdateContainerRequest { Container = record, UpdateMask = new FieldMask { Paths = { mask } } };
        var reply = await scope.CallAsync(About("change", record.Id), o => _client.UpdateAsync(request, o), cancellationToken).ConfigureAwait(false);
        return reply.Container;
    }

    /// <summary>
    /// Deletes a record. The server does not look whether it has a task (trap T1): whoever calls this has made sure of it.
    /// </summary>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    public Task DeleteAsync(string id, CancellationToken cancellationToken) => scope.CallAsync(
        About("remove", id), o => _client.DeleteAsync(new Wire.Containers.DeleteContainerRequest { Id = id }, o), cancellationToken);

    private static Attempt About(string verb, string id) => new($"{verb} container '{id}'", ResourceKind.Container, id);
}

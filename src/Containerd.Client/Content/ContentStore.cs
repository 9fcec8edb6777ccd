using System.Runtime.CompilerServices;
using Containerd.Client.Connection;
using Containerd.Client.Wire;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Content;

/// <summary>The content store: blobs by digest, and the ingests that become blobs.</summary>
public sealed class ContentStore
{
    private readonly Session _session;
    private readonly CallScope _scope;

    internal ContentStore(Session session, CallScope scope) => (_session, _scope) = (session, scope);

    private Wire.Content.Content.ContentClient Calls => new(_scope.Invoker);

    /// <summary>A blob's size, times and labels.</summary>
    /// <param name="digest">The blob's digest.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the store knows of it.</returns>
    /// <exception cref="NotFoundException">No such blob in the namespace.</exception>
    public async Task<ContentBlob> InfoAsync(string digest, CancellationToken cancellationToken)
    {
        var request = new Wire.Content.InfoRequest { Digest = digest };
        var reply = await _scope.CallAsync(About("look up", digest), o => Calls.InfoAsync(request, o), cancellationToken).ConfigureAwait(false);
        return Describe(reply.Info);
    }

    /// <summary>The blobs of the namespace.</summary>
    /// <param name="filters">containerd filters, any of which may match, such as labels."containerd.io/uncompressed"==sha256:…; none for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The blobs, in the server's order.</returns>
    public async IAsyncEnumerable<ContentBlob> ListAsync(
        IEnumerable<string> filters, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new Wire.Content.ListContentRequest { Filters = { filters } };
        var replies = _scope.StreamAsync(
            new Attempt("list the content", ResourceKind.Content, ""), o => Calls.List(request, o), cancellationToken);
        await foreach (var reply in replies.ConfigureAwait(false))
        {
            foreach (var info in reply.Info)
                yield return Describe(info);
        }
    }

    /// <summary>
    /// Sets labels of a blob and leaves its other labels alone: an update without a mask would also take those that keep
    /// other blobs from the garbage collector (trap T21).
    /// </summary>
    /// <param name="digest">The blob's digest.</param>
    /// <param name="labels">The labels to set; an empty value removes one.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The blob with all its labels.</returns>
    /// <exception cref="NotFoundException">No such blob in the namespace.</exception>
    public async Task<ContentBlob> UpdateLabelsAsync(
        string digest, IReadOnlyDictionary<string, string> labels, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Count == 0)
            return await InfoAsync(digest, cancellationToken).ConfigureAwait(false);
        var request = new Wire.Content.UpdateRequest
        {
            Info = new Wire.Content.Info { Digest = digest, Labels = { (IDictionary<string, string>)new Dictionary<string, string>(labels) } },
            UpdateMask = new FieldMask { Paths = { labels.Keys.Select(key => "labels." + key) } },
        };
        var reply = await _scope.CallAsync(About("label", digest), o => Calls.UpdateAsync(request, o), cancellationToken).ConfigureAwait(false);
        return Describe(reply.Info);
    }

    /// <summary>Deletes a blob, whatever still refers to it.</summary>
    /// <param name="digest">The blob's digest.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when the blob is gone.</returns>
    /// <exception cref="NotFoundException">No such blob in the namespace.</exception>
    public Task DeleteAsync(string digest, CancellationToken cancellationToken)
    {
        var request = new Wire.Content.DeleteContentRequest { Digest = digest };
        return _scope.CallAsync(About("delete", digest), o => Calls.DeleteAsync(request, o), cancellationToken);
    }

    /// <summary>Opens a blob for reading from its beginning, as a stream that cannot seek.</summary>
    /// <param name="digest">The blob's digest.</param>
    /// <param name="cancellationToken">Ends the read, also of the stream that was returned.</param>
    /// <param name="offset">The byte to begin at.</param>
    /// <returns>The stream; disposing it ends the read.</returns>
    public Stream OpenRead(string digest, CancellationToken cancellationToken, long offset = 0)
    {
        var request = new Wire.Content.ReadContentRequest { Digest = digest, Offset = offset };
        var replies = _scope.StreamAsync(About("read", digest), o => Calls.Read(request, o), cancellationToken, Timeout.InfiniteTimeSpan);
        return new ContentReadStream(replies, cancellationToken);
    }

    /// <summary>Reads a whole blob that must be small: a manifest, an index, a config.</summary>
    /// <param name="digest">The blob's digest.</param>
    /// <param name="limit">The most bytes it may have.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its bytes.</returns>
    /// <exception cref="NotFoundException">No such blob in the namespace.</exception>
    /// <exception cref="InvalidContentException">It has more bytes than the limit.</exception>
    public async Task<byte[]> ReadAsync(string digest, int limit, CancellationToken cancellationToken)
    {
        var request = new Wire.Content.ReadContentRequest { Digest = digest };
        using var bytes = new MemoryStream();
        var replies = _scope.StreamAsync(About("read", digest), o => Calls.Read(request, o), cancellationToken);
        await foreach (var reply in replies.ConfigureAwait(false))
        {
            if (bytes.Length + reply.Data.Length > limit)
            {
                throw new InvalidContentException(
                    $"Cannot read content {digest}: it has more than {limit} bytes, which no manifest or config needs.");
            }

            bytes.Write(reply.Data.Span);
        }

        return bytes.ToArray();
    }

    /// <summary>The writes that are not committed yet.</summary>
    /// <param name="filters">containerd filters, any of which may match, such as ref~=^layer-; none for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The ingests.</returns>
    public async Task<IReadOnlyList<ContentIngest>> ListIngestsAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var request = new Wire.Content.ListStatusesRequest { Filters = { filters } };
        var reply = await _scope.CallAsync(
            new Attempt("list the content being written", ResourceKind.Content, ""), o => Calls.ListStatusesAsync(request, o), cancellationToken)
            .ConfigureAwait(false);
        return [.. reply.Statuses.Select(status => new ContentIngest
        {
            Session = _session,
            Namespace = _scope.Namespace,
            Ref = status.Ref,
            Offset = status.Offset,
            Total = status.Total,
            Expected = status.Expected,
            StartedAt = status.StartedAt.ToDateTimeOffset(),
            UpdatedAt = status.UpdatedAt.ToDateTimeOffset(),
        })];
    }

    /// <summary>Gives up a write and frees what was written; one that does not exist is given up already.</summary>
    /// <param name="reference">The ingest's name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Completes when the ingest is gone.</returns>
    public async Task AbortAsync(string reference, CancellationToken cancellationToken)
    {
        var request = new Wire.Content.AbortRequest { Ref = reference };
        try
        {
            await _scope.CallAsync(About("give up writing", reference), o => Calls.AbortAsync(request, o), cancellationToken)
                .ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // Never begun, committed, or given up by somebody else.
        }
    }

    /// <summary>
    /// Writes a blob and commits it. What the store has already is not written again. A write that fails is given up, unless
    /// it is to be resumed: then the next call with the same reference goes on where this one ended.
    /// </summary>
    /// <param name="content">What to write and what it must turn out to be.</param>
    /// <param name="source">The bytes, from the first on.</param>
    /// <param name="cancellationToken">Ends the write.</param>
    /// <param name="progress">Told how many bytes of the blob the server has, after every piece.</param>
    /// <returns>The blob's digest and size.</returns>
    /// <exception cref="InvalidContentException">There are more or fewer bytes than expected.</exception>
    /// <exception cref="FailedPreconditionException">The bytes have another digest than expected.</exception>
    /// <exception cref="ContainerdException">The reference stays locked by another writer (status Unavailable).</exception>
    public Task<WrittenContent> WriteAsync(
        ContentToWrite content, Stream source, CancellationToken cancellationToken, IProgress<long>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArgumentNullException.ThrowIfNull(source);
        return new ContentWrite(this, _scope, content, progress).RunAsync(source, cancellationToken);
    }

    internal static Attempt About(string verb, string id) => new($"{verb} content {id}", ResourceKind.Content, id);

    private ContentBlob Describe(Wire.Content.Info info) => new()
    {
        Session = _session,
        Namespace = _scope.Namespace,
        Digest = info.Digest,
        Size = info.Size,
        CreatedAt = info.CreatedAt.ToDateTimeOffset(),
        UpdatedAt = info.UpdatedAt.ToTime(),
        Labels = new Dictionary<string, string>(info.Labels),
    };
}

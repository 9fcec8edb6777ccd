using System.Security.Cryptography;
using System.Threading.Channels;
using Containerd.Client.Oci;

namespace Containerd.Client.Images.Archives;

/// <summary>What a layer turned out to be.</summary>
/// <param name="DiffId">The digest of its uncompressed bytes.</param>
/// <param name="Compression">How it is compressed.</param>
/// <param name="HasEnd">Whether the tar has its end marker, without which it may be cut short where an entry ends.</param>
internal sealed record InspectedLayer(string DiffId, CompressionKind Compression, bool HasEnd);

/// <summary>
/// Looks into a layer while it is written to the server, so that what the server would unpack is known beforehand: that it
/// is a whole tar, has no names that lead out of it, does not expand beyond all bounds, and which digest it has
/// uncompressed. Reading from <see cref="Source"/> feeds the look; the layer is read once.
/// </summary>
internal sealed class LayerInspection : IAsyncDisposable
{
    // How many pieces, of the size the source is read in, the writing may be ahead of the look.
    private const int MostAhead = 4;

    private readonly ByteQueue _pieces = new(MostAhead);
    private readonly CancellationTokenSource _end = new();
    private readonly string _layer;
    private readonly long _mostBytes;
    private readonly Task<InspectedLayer> _look;

    /// <summary>Begins to look.</summary>
    /// <param name="layer">What to call the layer in errors.</param>
    /// <param name="source">The layer's bytes.</param>
    /// <param name="mostBytes">The most bytes it may have uncompressed.</param>
    public LayerInspection(string layer, Stream source, long mostBytes)
    {
        (_layer, _mostBytes) = (layer, mostBytes);
        Source = new CopyingStream(source, this);
        _look = Task.Run(() => LookAsync(_end.Token));
    }

    /// <summary>The layer's bytes again, for the server.</summary>
    public Stream Source { get; }

    /// <summary>What the layer is, once the whole of <see cref="Source"/> is read.</summary>
    /// <returns>What was found.</returns>
    /// <exception cref="InvalidContentException">It is broken, or made to do harm.</exception>
    public Task<InspectedLayer> ResultAsync() => _look;

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await ((Task)_look).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _end.Dispose();
        await Source.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<InspectedLayer> LookAsync(CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            var (content, kind) = await Compression.OpenReadAsync(_pieces.Reader, cancellationToken).ConfigureAwait(false);
            var limited = new ExpansionLimitStream(content, _mostBytes, () => new InvalidContentException(
                $"The layer {_layer} unpacks to more than {_mostBytes} bytes; if that is right, allow more with -MaximumSize."));
            var hashed = new HashingStream(limited, hash);
            bool hasEnd;
            await using (hashed.ConfigureAwait(false))
            {
                hasEnd = await ReadTarAsync(hashed, cancellationToken).ConfigureAwait(false);

                // What is behind the tar's end belongs to the digest too.
                await hashed.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
            }

            return new InspectedLayer(Digest.FromSha256(hash.GetHashAndReset()).ToString(), kind, hasEnd);
        }
        catch (Exception e) when (Compression.IsBroken(e))
        {
            throw new InvalidContentException($"The layer {_layer} is broken: {e.Message.TrimEnd('.')}.", e);
        }
        finally
        {
            // Whoever still hands pieces on need not wait for them to be read.
            _pieces.Complete();
        }
    }

    private async Task<bool> ReadTarAsync(Stream tar, CancellationToken cancellationToken)
    {
        var scanner = new TarScanner(tar);
        while (await scanner.NextAsync(cancellationToken).ConfigureAwait(false) is { } item)
        {
            // A symbolic link may lead anywhere: it is resolved inside the container's root.
            if (LeadsOut(item.Name) || (item.Type == TarItemType.HardLink && LeadsOut(item.LinkName)))
                throw new InvalidContentException($"The layer {_layer} has the name '{item.Name}', which leads out of the root file system.");
        }

        return scanner.EndSeen;
    }

    private static bool LeadsOut(string name) => name.Split('/').Contains("..");

    /// <summary>Hands on each piece that is read from it.</summary>
    private sealed class CopyingStream(Stream source, LayerInspection inspection) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                inspection._pieces.Complete();
                return 0;
            }

            try
            {
                await inspection._pieces.WriteAsync(buffer[..count], cancellationToken).ConfigureAwait(false);
            }
            catch (ChannelClosedException)
            {
                // The look has ended: with an error, which ends the writing too, or because it has seen all it wants to
                // and this is behind the compressed data.
                await inspection._look.ConfigureAwait(false);
            }

            return count;
        }
    }

    private sealed class HashingStream(Stream content, IncrementalHash hash) : ReadOnlyStream
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var count = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            hash.AppendData(buffer.Span[..count]);
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                content.Dispose();
            base.Dispose(disposing);
        }
    }
}

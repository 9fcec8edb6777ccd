using System.Buffers;
using System.Diagnostics;
using System.Security.Cryptography;
using Containerd.Client.Connection;
using Google.Protobuf;
using Grpc.Core;
using WriteCall = Grpc.Core.AsyncDuplexStreamingCall<
    Containerd.Client.Wire.Content.WriteContentRequest, Containerd.Client.Wire.Content.WriteContentResponse>;

namespace Containerd.Client.Content;

/// <summary>
/// One write into the content store. Its stream asks how far an earlier attempt came (STAT), sends the rest piece by piece
/// (WRITE), and makes it a blob (COMMIT); every message is answered before the next is sent, as containerd expects.
/// </summary>
internal sealed class ContentWrite(ContentStore store, CallScope scope, ContentToWrite content, IProgress<long>? progress)
{
    // The server takes up to 8 MiB a message; pieces beyond 1 MiB gain nothing on a local socket.
    private const int PieceSize = 1 << 20;

    private static readonly TimeSpan s_firstLockWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestLockWait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_abortTimeout = TimeSpan.FromSeconds(10);

    public async Task<WrittenContent> RunAsync(Stream source, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        for (var wait = s_firstLockWait; ; wait = Min(wait * 2, s_longestLockWait))
        {
            try
            {
                return await AttemptAsync(source, cancellationToken).ConfigureAwait(false);
            }
            catch (ContainerdException e) when (IsLocked(e) && clock.Elapsed < content.LockTimeout)
            {
                // The server has no call that waits for another writer to end. Nothing of the source has been read yet.
                await Task.Delay(wait, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static bool IsLocked(ContainerdException error) =>
        error.Status == ServerStatus.Unavailable && error.Message.Contains("locked", StringComparison.OrdinalIgnoreCase);

    private async Task<WrittenContent> AttemptAsync(Stream source, CancellationToken cancellationToken)
    {
        // Where no digest is expected, our own tells which blob it is when the server says only that it has it already.
        using var hash = content.Digest is null ? IncrementalHash.CreateHash(HashAlgorithmName.SHA256) : null;
        try
        {
            // Disposing the call ends it: the server then closes the ingest and unlocks the reference.
            using var call = new Wire.Content.Content.ContentClient(scope.Invoker).Write(scope.Options(cancellationToken, Timeout.InfiniteTimeSpan));
            var status = await SendAsync(call, Request(Wire.Content.WriteAction.Stat), cancellationToken).ConfigureAwait(false);
            var end = await SendContentAsync(call, source, status.Offset, hash, cancellationToken).ConfigureAwait(false);
            return await CommitAsync(call, end, cancellationToken).ConfigureAwait(false);
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.AlreadyExists)
        {
            return await ExistingAsync(content.Digest ?? Digest(hash!), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            var error = e is RpcException or ObjectDisposedException
                ? scope.Translate(e, ContentStore.About("write", content.Digest ?? content.Reference), cancellationToken)
                : e;

            // Another's lock is not ours to break, and without a connection nothing can be given up.
            if (error is not ConnectionException && !(error is ContainerdException known && IsLocked(known)))
                await GiveUpAsync().ConfigureAwait(false);
            if (ReferenceEquals(error, e))
                throw;
            throw error;
        }
    }

    private async Task<long> SendContentAsync(WriteCall call, Stream source, long offset, IncrementalHash? hash, CancellationToken cancellationToken)
    {
        if (offset > 0 && content.Digest is null)
        {
            // What an earlier attempt wrote cannot be trusted without a digest. Offset 0 makes the server begin again.
            offset = 0;
        }

        await SkipAsync(source, offset, cancellationToken).ConfigureAwait(false);
        progress?.Report(offset);
        var (filling, sending) = (ArrayPool<byte>.Shared.Rent(PieceSize), ArrayPool<byte>.Shared.Rent(PieceSize));
        try
        {
            var count = await FillAsync(source, filling, cancellationToken).ConfigureAwait(false);
            while (count > 0)
            {
                (filling, sending) = (sending, filling);
                hash?.AppendData(sending, 0, count);
                if (offset + count > (content.Size ?? long.MaxValue))
                {
                    throw new InvalidContentException(
                        $"Cannot write content {content.Digest ?? content.Reference}: there are more bytes than the {content.Size} it must have.");
                }

                var request = Request(Wire.Content.WriteAction.Write);
                request.Offset = offset;
                request.Data = UnsafeByteOperations.UnsafeWrap(sending.AsMemory(0, count));
                var sent = SendAsync(call, request, cancellationToken);
                offset += count;

                // The next piece is read while the server writes this one; both must be done before the buffers change places.
                try
                {
                    count = await FillAsync(source, filling, cancellationToken).ConfigureAwait(false);
                }
                finally
                {
                    await ((Task)sent).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }

                await sent.ConfigureAwait(false);
                progress?.Report(offset);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(filling);
            ArrayPool<byte>.Shared.Return(sending);
        }

        return offset;
    }

    private async Task<WrittenContent> CommitAsync(WriteCall call, long end, CancellationToken cancellationToken)
    {
        if (content.Size is { } size && size != end)
        {
            throw new InvalidContentException(
                $"Cannot write content {content.Digest ?? content.Reference}: there are {end} bytes, and it must have {size}.");
        }

        var request = Request(Wire.Content.WriteAction.Commit);
        request.Offset = end;
        request.Total = end;
        foreach (var (key, value) in content.Labels)
            request.Labels.Add(key, value);
        var reply = await SendAsync(call, request, cancellationToken).ConfigureAwait(false);
        return new WrittenContent(reply.Digest, end, Existed: false);
    }

    /// <summary>The store had the blob before, or another writer was quicker: it still has to have the labels asked for.</summary>
    private async Task<WrittenContent> ExistingAsync(string digest, CancellationToken cancellationToken)
    {
        await GiveUpAsync().ConfigureAwait(false);
        var blob = await store.UpdateLabelsAsync(digest, content.Labels, cancellationToken).ConfigureAwait(false);
        progress?.Report(blob.Size);
        return new WrittenContent(digest, blob.Size, Existed: true);
    }

    private static string Digest(IncrementalHash hash) => "sha256:" + Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();

    private static async Task<Wire.Content.WriteContentResponse> SendAsync(
        WriteCall call, Wire.Content.WriteContentRequest request, CancellationToken cancellationToken)
    {
        try
        {
            await call.RequestStream.WriteAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is InvalidOperationException or RpcException or IOException && !cancellationToken.IsCancellationRequested)
        {
            // The server has ended the stream, or is gone: the read below throws the reason.
        }

        return await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false)
            ? call.ResponseStream.Current
            : throw new RpcException(new Status(StatusCode.DataLoss, "the server ended the write without an answer"));
    }

    private static async Task<int> FillAsync(Stream source, byte[] buffer, CancellationToken cancellationToken) =>
        await source.ReadAtLeastAsync(buffer.AsMemory(0, PieceSize), PieceSize, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);

    private static async Task SkipAsync(Stream source, long count, CancellationToken cancellationToken)
    {
        if (count == 0)
            return;
        if (source.CanSeek)
        {
            source.Seek(count, SeekOrigin.Current);
            return;
        }

        var buffer = new byte[81920];
        while (count > 0)
        {
            var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, count)), cancellationToken).ConfigureAwait(false);
            if (read == 0)
                throw new EndOfStreamException("The source has fewer bytes than were written of it before.");
            count -= read;
        }
    }

    private Wire.Content.WriteContentRequest Request(Wire.Content.WriteAction action) => new()
    {
        Action = action,
        Ref = content.Reference,
        Total = content.Size ?? 0,
        Expected = content.Digest ?? "",
    };

    private async Task GiveUpAsync()
    {
        if (content.KeepOnFailure)
            return;

        // Not bound to the caller's token: Ctrl+C must not leave an ingest behind.
        using var deadline = new CancellationTokenSource(s_abortTimeout);
        try
        {
            await store.AbortAsync(content.Reference, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // The error that brought us here is the one to report; the lease's end takes the ingest too.
            Debug.WriteLine(e);
        }
    }
}

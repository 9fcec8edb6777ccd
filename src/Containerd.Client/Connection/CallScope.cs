using System.Runtime.CompilerServices;
using Grpc.Core;

namespace Containerd.Client.Connection;

/// <summary>What a call attempts on what: the words from which an error message is made.</summary>
/// <param name="Action">The attempt as an infinitive, such as "delete container 'web'".</param>
/// <param name="Kind">The kind of thing a "not found" or "already exists" of the server is about.</param>
/// <param name="Id">The id of that thing.</param>
internal readonly record struct Attempt(string Action, ResourceKind Kind, string Id);

/// <summary>
/// A channel together with the containerd namespace, and where there is one the lease, that every call through it carries.
/// Deadlines, headers and the translation of errors are here and nowhere else.
/// </summary>
public sealed class CallScope
{
    private const string NamespaceHeader = "containerd-namespace";
    private const string LeaseHeader = "containerd-lease";

    /// <summary>Makes a scope.</summary>
    /// <param name="channel">The channel the calls go through.</param>
    /// <param name="containerdNamespace">The containerd namespace of the calls.</param>
    /// <param name="lease">The lease that protects what the calls create; null for none.</param>
    public CallScope(ContainerdChannel channel, string containerdNamespace, string? lease = null)
    {
        Channel = channel;
        Namespace = containerdNamespace;
        Lease = lease;
    }

    /// <summary>The channel the calls go through.</summary>
    public ContainerdChannel Channel { get; }

    /// <summary>The containerd namespace of the calls.</summary>
    public string Namespace { get; }

    /// <summary>The lease that protects what the calls create; null for none.</summary>
    public string? Lease { get; }

    /// <summary>The invoker for the generated clients.</summary>
    internal CallInvoker Invoker => Channel.Invoker;

    /// <summary>The same channel and namespace, under a lease.</summary>
    /// <param name="lease">The lease's id; null for none.</param>
    /// <returns>The new scope.</returns>
    public CallScope WithLease(string? lease) => new(Channel, Namespace, lease);

    /// <summary>One unary call.</summary>
    /// <typeparam name="T">The response.</typeparam>
    /// <param name="attempt">What it attempts, for the error message.</param>
    /// <param name="call">The call of the generated client.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">Its deadline; the connection's call timeout by default, infinite for what may take any time.</param>
    /// <returns>The response.</returns>
    internal async Task<T> CallAsync<T>(
        Attempt attempt, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        try
        {
            using var pending = call(Options(cancellationToken, timeout));
            return await pending.ResponseAsync.ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or ObjectDisposedException)
        {
            throw Translate(e, attempt, cancellationToken);
        }
    }

    /// <summary>One server-streaming call, message by message.</summary>
    /// <typeparam name="T">The message.</typeparam>
    /// <param name="attempt">What it attempts, for the error message.</param>
    /// <param name="call">The call of the generated client.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">The deadline of the whole stream; the connection's call timeout by default, infinite for what may take any time.</param>
    /// <returns>The messages in the order they arrive.</returns>
    internal async IAsyncEnumerable<T> StreamAsync<T>(
        Attempt attempt,
        Func<CallOptions, AsyncServerStreamingCall<T>> call,
        [EnumeratorCancellation] CancellationToken cancellationToken,
        TimeSpan? timeout = null)
    {
        using var pending = Open();
        while (true)
        {
            bool more;
            try
            {
                more = await pending.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or ObjectDisposedException)
            {
                throw Translate(e, attempt, cancellationToken);
            }

            if (!more)
                yield break;
            yield return pending.ResponseStream.Current;
        }

        AsyncServerStreamingCall<T> Open()
        {
            try
            {
                return call(Options(cancellationToken, timeout));
            }
            catch (ObjectDisposedException e)
            {
                throw Translate(e, attempt, cancellationToken);
            }
        }
    }

    /// <summary>Headers, deadline and cancellation of a call, for those that neither method above fits (bidirectional streams).</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <param name="timeout">Its deadline; the connection's call timeout by default, infinite for what may take any time.</param>
    /// <returns>The options for the generated client.</returns>
    internal CallOptions Options(CancellationToken cancellationToken, TimeSpan? timeout = null)
    {
        var headers = new Metadata { { NamespaceHeader, Namespace } };
        if (Lease is not null)
            headers.Add(LeaseHeader, Lease);
        var limit = timeout ?? Channel.Options.CallTimeout;
        return new CallOptions(headers, limit == Timeout.InfiniteTimeSpan ? null : DateTime.UtcNow + limit, cancellationToken);
    }

    /// <summary>The exception to throw for a failed call.</summary>
    /// <param name="error">What the generated client threw.</param>
    /// <param name="attempt">What was attempted.</param>
    /// <param name="cancellationToken">The token the call was made with: its cancellation is no error of the server.</param>
    /// <returns>A <see cref="ContainerdException"/>, or the cancellation.</returns>
    internal Exception Translate(Exception error, Attempt attempt, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return new OperationCanceledException("The call was cancelled.", error, cancellationToken);
        if (error is ObjectDisposedException || Channel.IsDisposed)
        {
            return new ConnectionException(
                Channel.Options.Address.ToString(),
                $"Cannot {attempt.Action}: the session to {Channel.Options.Address} is closed.",
                innerException: error);
        }

        return ServerError.Translate((RpcException)error, attempt, Channel.Options.Address);
    }
}

using System.Diagnostics;

namespace Containerd.Client.Leases;

/// <summary>A lease in use: work is done through its <see cref="Client"/>, and disposing it deletes the lease.</summary>
public sealed class HeldLease : IAsyncDisposable
{
    private static readonly TimeSpan s_deleteTimeout = TimeSpan.FromSeconds(10);

    private readonly bool _owned;
    private int _released;

    internal HeldLease(ContainerdClient client, string id, bool owned) => (Client, Id, _owned) = (client, id, owned);

    /// <summary>The lease's id.</summary>
    public string Id { get; }

    /// <summary>The client whose calls are protected by the lease.</summary>
    public ContainerdClient Client { get; }

    /// <summary>Deletes the lease and waits until what was made under it and is not referred to is gone too: for work that failed.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes after the garbage collection.</returns>
    public Task AbandonAsync(CancellationToken cancellationToken) => ReleaseAsync(collect: true, cancellationToken);

    /// <summary>Deletes the lease, with a deadline of its own: a cancelled caller must not leave it behind.</summary>
    /// <returns>Completes when the lease is gone; one that cannot be deleted now expires by itself.</returns>
    public async ValueTask DisposeAsync()
    {
        using var deadline = new CancellationTokenSource(s_deleteTimeout);
        try
        {
            await ReleaseAsync(collect: false, deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // What the lease was for is done, or its own error is on the way; the lease has its expiry.
            Debug.WriteLine(e);
        }
    }

    private async Task ReleaseAsync(bool collect, CancellationToken cancellationToken)
    {
        if (!_owned || Interlocked.Exchange(ref _released, 1) != 0)
            return;
        try
        {
            // Outside of the lease itself.
            await new LeaseStore(Client.UnderLease(null)).DeleteAsync(Id, collect, cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // Expired, or deleted by somebody else.
        }
    }
}

namespace Containerd.Client.Containers;

/// <summary>Runs calls that do not need each other at the same time, so that two round trips take as long as one.</summary>
internal static class SideBySide
{
    /// <summary>Two calls. The failure of one ends the other; where both fail, the first is the one that is told.</summary>
    public static async Task<(T1 First, T2 Second)> RunAsync<T1, T2>(
        Func<CancellationToken, Task<T1>> first, Func<CancellationToken, Task<T2>> second, CancellationToken cancellationToken)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var one = first(both.Token);
        var other = second(both.Token);
        try
        {
            return (await one.ConfigureAwait(false), await other.ConfigureAwait(false));
        }
        catch
        {
            await both.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(Task.WhenAll(one, other)).ConfigureAwait(false);
            throw;
        }
    }
}

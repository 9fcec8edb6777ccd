namespace Containerd.Client.Connection;

/// <summary>Waits until a server serves, as the Go client's IsServing does (health check that waits for the server).</summary>
internal static class ServingWait
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns once the server's health service says that it serves.</summary>
    /// <param name="scope">The channel; its connect timeout is the limit.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ConnectionException">It did not serve within the connect timeout, or may not be used.</exception>
    public static async Task UntilServingAsync(CallScope scope, CancellationToken cancellationToken)
    {
        var options = scope.Channel.Options;
        var deadline = Environment.TickCount64 + (long)options.ConnectTimeout.TotalMilliseconds;
        var health = new Wire.Health.Health.HealthClient(scope.Invoker);
        var attempt = new Attempt("connect", ResourceKind.Server, options.Address.ToString());
        while (true)
        {
            try
            {
                // The dialer waits for the socket itself; a second on top lets its own, better error arrive first.
                var left = TimeSpan.FromMilliseconds(Math.Max(0, deadline - Environment.TickCount64)) + TimeSpan.FromSeconds(1);
                var reply = await scope.CallAsync(
                    attempt, o => health.CheckAsync(new Wire.Health.HealthCheckRequest(), o), cancellationToken, left).ConfigureAwait(false);
                if (reply.Status == Wire.Health.HealthCheckResponse.Types.ServingStatus.Serving)
                    return;
                if (Environment.TickCount64 >= deadline)
                    throw new ConnectionException(attempt.Id, $"containerd at {attempt.Id} answers but does not serve: {reply.Status}.");
            }
            catch (TimeoutException e)
            {
                throw new ConnectionException(
                    attempt.Id, $"containerd at {attempt.Id} accepts the connection but did not answer within {options.ConnectTimeout}.", innerException: e);
            }
            catch (ContainerdException e) when (e.Status == ServerStatus.Unavailable && Environment.TickCount64 < deadline)
            {
                // Shutting down or just coming up: the socket accepted and closed again.
            }

            await Task.Delay(RetryInterval, cancellationToken).ConfigureAwait(false);
        }
    }
}

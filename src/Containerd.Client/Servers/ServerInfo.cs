using System.Diagnostics;
using Containerd.Client.Connection;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Servers;

/// <summary>What a server says of itself: its version, its plugins, its health.</summary>
public sealed class ServerInfo
{
    private readonly Session _session;
    private readonly CallScope _scope;

    internal ServerInfo(Session session, CallScope scope) => (_session, _scope) = (session, scope);

    private string Address => _scope.Channel.Options.Address.ToString();

    /// <summary>The server's version, revision and identity.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the server says of itself.</returns>
    public async Task<ServerVersion> GetVersionAsync(CancellationToken cancellationToken)
    {
        var version = new Wire.Version.Version.VersionClient(_scope.Invoker);
        var introspection = new Wire.Introspection.Introspection.IntrospectionClient(_scope.Invoker);
        var reply = await _scope.CallAsync(About("ask for the version"), o => version.VersionAsync(new Empty(), o), cancellationToken)
            .ConfigureAwait(false);
        var server = await _scope.CallAsync(About("ask for the server's id"), o => introspection.ServerAsync(new Empty(), o), cancellationToken)
            .ConfigureAwait(false);
        return new ServerVersion
        {
            Session = _session,
            Namespace = _scope.Namespace,
            Version = reply.Version,
            Revision = reply.Revision,
            Uuid = server.Uuid,
            Pid = server.Pid == 0 ? null : (int)server.Pid,
            Deprecations = [.. server.Deprecations.Select(d => $"{d.Id}: {d.Message}")],
        };
    }

    /// <summary>The server's plugins, also those that were skipped or failed.</summary>
    /// <param name="filters">containerd filters, such as type==io.containerd.snapshotter.v1; none for all.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The plugins in the order the server loaded them.</returns>
    public async Task<IReadOnlyList<Plugin>> GetPluginsAsync(IEnumerable<string> filters, CancellationToken cancellationToken)
    {
        var introspection = new Wire.Introspection.Introspection.IntrospectionClient(_scope.Invoker);
        var request = new Wire.Introspection.PluginsRequest { Filters = { filters } };
        var reply = await _scope.CallAsync(About("list the plugins"), o => introspection.PluginsAsync(request, o), cancellationToken)
            .ConfigureAwait(false);
        return [.. reply.Plugins.Select(p => new Plugin
        {
            Session = _session,
            Namespace = _scope.Namespace,
            Type = p.Type,
            Id = p.Id,
            Error = p.InitErr?.Message,
            Requires = [.. p.Requires],
            Platforms = [.. p.Platforms.Select(Describe)],
            Capabilities = [.. p.Capabilities],
            Exports = new Dictionary<string, string>(p.Exports),
        })];
    }

    /// <summary>Asks the server's health service; a server that cannot be reached is an answer too.</summary>
    /// <param name="timeout">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it serves, and if not why.</returns>
    public async Task<ServerHealth> CheckHealthAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var health = new Wire.Health.Health.HealthClient(_scope.Invoker);
        var clock = Stopwatch.StartNew();
        try
        {
            var reply = await _scope.CallAsync(
                About("check the health"), o => health.CheckAsync(new Wire.Health.HealthCheckRequest(), o), cancellationToken, timeout)
                .ConfigureAwait(false);
            var serving = reply.Status == Wire.Health.HealthCheckResponse.Types.ServingStatus.Serving;
            return new ServerHealth
            {
                Address = Address,
                IsServing = serving,
                ResponseTime = clock.Elapsed,
                Error = serving ? null : $"The server says {reply.Status}.",
            };
        }
        catch (ContainerdException e)
        {
            return new ServerHealth { Address = Address, IsServing = false, ResponseTime = clock.Elapsed, Error = e.Message };
        }
    }

    private static string Describe(Wire.Types.Platform p) =>
        string.IsNullOrEmpty(p.Variant) ? $"{p.Os}/{p.Architecture}" : $"{p.Os}/{p.Architecture}/{p.Variant}";

    private Attempt About(string action) => new(action, ResourceKind.Server, Address);
}

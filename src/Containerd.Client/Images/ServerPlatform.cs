using Containerd.Client.Oci;
using Containerd.Client.Servers;

namespace Containerd.Client.Images;

/// <summary>The platform whose images a server runs: this machine's where the server is on it, else what the server's own plugins say.</summary>
internal sealed class ServerPlatform
{
    private volatile Platform? _known;

    /// <summary>The server's platform; asked once a session.</summary>
    /// <param name="client">A client of the session.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The platform.</returns>
    public async ValueTask<Platform> GetAsync(ContainerdClient client, CancellationToken cancellationToken)
    {
        if (_known is { } known)
            return known;
        return _known = client.Session.IsLocal
            ? Platform.Host
            : await AskAsync(client.Server, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<Platform> AskAsync(ServerInfo server, CancellationToken cancellationToken)
    {
        // The differ unpacks layers for the platform it was built for, on every version of containerd.
        var plugins = await server.GetPluginsAsync(["type==io.containerd.differ.v1"], cancellationToken).ConfigureAwait(false);
        return plugins.SelectMany(plugin => plugin.Platforms).FirstOrDefault() is { } text ? Platform.Parse(text) : Platform.Host;
    }
}

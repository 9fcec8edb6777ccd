using System.Collections.Concurrent;
using Containerd.Client.Servers;

namespace Containerd.PowerShell.Commands.Servers;

/// <summary>
/// Holds the private servers of this process: the pipe to a server's guard must stay open as long as the server is to live,
/// so the collector must not take it.
/// </summary>
internal static class PrivateServers
{
    private static readonly ConcurrentBag<PrivateServer> s_servers = [];

    /// <summary>Keeps a server until the process ends.</summary>
    /// <param name="server">The server.</param>
    public static void Keep(PrivateServer server) => s_servers.Add(server);
}

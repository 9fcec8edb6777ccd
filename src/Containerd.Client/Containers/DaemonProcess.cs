using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Containerd.Client.Connection;
using Containerd.Client.Oci;

namespace Containerd.Client.Containers;

/// <summary>The daemon's process, where it runs on this machine: what it may do itself is the most that its containers can get.</summary>
[SupportedOSPlatform("linux")]
internal static class DaemonProcess
{
    // socket(7): who listens at the other end of a Unix socket, as struct ucred { pid, uid, gid }.
    private const int SolSocket = 1;
    private const int SoPeerCred = 17;

    private static readonly ConditionalWeakTable<Session, DaemonBounds> s_known = [];

    /// <summary>What the daemon may do; read once a session, and unknown where it cannot be read.</summary>
    /// <param name="session">The session.</param>
    /// <param name="address">The daemon's address.</param>
    /// <returns>The bounds.</returns>
    public static DaemonBounds Bounds(Session session, ServerAddress address) =>
        session.IsLocal && address.Transport == ServerTransport.UnixSocket ? s_known.GetValue(session, _ => Read(address.Target)) : DaemonBounds.Unknown;

    private static DaemonBounds Read(string socketPath)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(socketPath));
            Span<int> credentials = stackalloc int[3];
            socket.GetRawSocketOption(SolSocket, SoPeerCred, MemoryMarshal.AsBytes(credentials));

            // 0 where it lives in another process namespace than we do.
            return credentials[0] > 0
                ? DaemonBounds.Parse(TryRead($"/proc/{credentials[0]}/limits"), TryRead($"/proc/{credentials[0]}/status"))
                : DaemonBounds.Unknown;
        }
        catch (SocketException)
        {
            return DaemonBounds.Unknown;
        }
    }

    private static string? TryRead(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

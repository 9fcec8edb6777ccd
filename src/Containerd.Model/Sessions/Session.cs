namespace Containerd;

/// <summary>Whether a session can still be used.</summary>
public enum SessionState
{
    /// <summary>In use; a lost connection comes back by itself on the next call.</summary>
    Open,

    /// <summary>Removed; every cmdlet refuses it.</summary>
    Closed,
}

/// <summary>
/// A connection to one containerd: its address and the namespace that calls use unless they name another.
/// Compared by reference: every session is its own.
/// </summary>
public sealed class Session
{
    /// <summary>Makes the identity of a session; the client that opens the connection owns it.</summary>
    /// <param name="id">A number unique in this process.</param>
    /// <param name="name">The name by which -Session finds it.</param>
    /// <param name="address">The server's address in its full form, such as unix:///run/containerd/containerd.sock.</param>
    /// <param name="containerdNamespace">The default containerd namespace.</param>
    /// <param name="isLocal">True when the server runs on this machine, so that its FIFOs and mounts can be reached.</param>
    public Session(int id, string name, string address, string containerdNamespace, bool isLocal)
    {
        Id = id;
        Name = name;
        Address = address;
        Namespace = containerdNamespace;
        IsLocal = isLocal;
    }

    /// <summary>A number unique in this process.</summary>
    public int Id { get; }

    /// <summary>The name by which the parameter -Session finds it.</summary>
    public string Name { get; }

    /// <summary>The server's address, such as unix:///run/containerd/containerd.sock.</summary>
    public string Address { get; }

    /// <summary>The containerd namespace that calls use unless they name another.</summary>
    public string Namespace { get; }

    /// <summary>True when the server runs on this machine, so that its FIFOs, mounts and processes can be reached.</summary>
    public bool IsLocal { get; }

    /// <summary>When the session was opened (UTC).</summary>
    public DateTimeOffset CreatedAt { get; } = DateTimeOffset.UtcNow;

    /// <summary>Whether the session can still be used.</summary>
    public SessionState State { get; private set; }

    /// <summary>Marks the session as closed; called by the client when its connection is disposed.</summary>
    public void MarkClosed() => State = SessionState.Closed;

    /// <summary>The session's name.</summary>
    public override string ToString() => Name;
}

/// <summary>Anything that was read from a server: it says from where, so that it can be piped to the next cmdlet.</summary>
public abstract record SessionObject
{
    /// <summary>The session it was read from.</summary>
    public required Session Session { get; init; }

    /// <summary>The containerd namespace it lives in.</summary>
    public required string Namespace { get; init; }
}

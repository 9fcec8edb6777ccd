namespace Containerd.Testing;

/// <summary>The generations of containerd that every test runs against, as <c>tests/Servers/install.sh</c> puts them on a machine.</summary>
public enum ServerGeneration
{
    /// <summary>containerd 1.6 of Debian bookworm.</summary>
    Containerd16,

    /// <summary>containerd 1.7 of Debian trixie.</summary>
    Containerd17,

    /// <summary>containerd 2.x of Debian sid.</summary>
    Containerd2,
}

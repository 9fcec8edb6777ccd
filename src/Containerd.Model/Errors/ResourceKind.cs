namespace Containerd;

/// <summary>What an error is about, in containerd's own vocabulary.</summary>
public enum ResourceKind
{
    /// <summary>The containerd daemon itself.</summary>
    Server,

    /// <summary>A container: the record containerd keeps of its spec, image and snapshot.</summary>
    Container,

    /// <summary>A task: the running (or stopped, not yet deleted) init process of a container.</summary>
    Task,

    /// <summary>A further process in a task, started with exec.</summary>
    Exec,

    /// <summary>A program that is to run in a container.</summary>
    Program,

    /// <summary>What a detached task writes.</summary>
    Log,

    /// <summary>An image name and the content it points to.</summary>
    Image,

    /// <summary>A blob in the content store, named by its digest.</summary>
    Content,

    /// <summary>A snapshot of a snapshotter, named by its key.</summary>
    Snapshot,

    /// <summary>A lease, which protects resources from garbage collection.</summary>
    Lease,

    /// <summary>A containerd namespace.</summary>
    Namespace,

    /// <summary>An event or an event subscription.</summary>
    Event,

    /// <summary>A session of this module.</summary>
    Session,

    /// <summary>A file or directory on the machine that runs the cmdlet.</summary>
    File,
}

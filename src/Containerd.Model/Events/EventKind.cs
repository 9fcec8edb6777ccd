namespace Containerd;

/// <summary>What happened, by the type of containerd's event message.</summary>
public enum EventKind
{
    /// <summary>A message of a type this module does not know, such as one that a plugin published.</summary>
    Unknown,

    /// <summary>A task was set up; its process is not started yet (/tasks/create).</summary>
    TaskCreate,

    /// <summary>A task's init process was started (/tasks/start).</summary>
    TaskStart,

    /// <summary>A process ended, the init process or an exec process (/tasks/exit).</summary>
    TaskExit,

    /// <summary>A task or an exec process was deleted (/tasks/delete).</summary>
    TaskDelete,

    /// <summary>The kernel killed a process because the container ran out of memory (/tasks/oom).</summary>
    TaskOOM,

    /// <summary>An exec process was set up (/tasks/exec-added).</summary>
    TaskExecAdded,

    /// <summary>An exec process was started (/tasks/exec-started).</summary>
    TaskExecStarted,

    /// <summary>A task's processes were frozen (/tasks/paused).</summary>
    TaskPaused,

    /// <summary>A task's processes go on (/tasks/resumed).</summary>
    TaskResumed,

    /// <summary>A checkpoint of a task was made (/tasks/checkpointed).</summary>
    TaskCheckpointed,

    /// <summary>A container record was made (/containers/create).</summary>
    ContainerCreate,

    /// <summary>A container record was changed (/containers/update).</summary>
    ContainerUpdate,

    /// <summary>A container record was deleted (/containers/delete).</summary>
    ContainerDelete,

    /// <summary>An image name was made (/images/create).</summary>
    ImageCreate,

    /// <summary>An image name or its labels were changed (/images/update).</summary>
    ImageUpdate,

    /// <summary>An image name was deleted (/images/delete).</summary>
    ImageDelete,

    /// <summary>A containerd namespace was made (/namespaces/create).</summary>
    NamespaceCreate,

    /// <summary>A containerd namespace's labels were changed (/namespaces/update).</summary>
    NamespaceUpdate,

    /// <summary>A containerd namespace was deleted (/namespaces/delete).</summary>
    NamespaceDelete,

    /// <summary>A snapshot was made to be written to (/snapshot/prepare).</summary>
    SnapshotPrepare,

    /// <summary>A snapshot was made final (/snapshot/commit).</summary>
    SnapshotCommit,

    /// <summary>A snapshot was removed (/snapshot/remove).</summary>
    SnapshotRemove,

    /// <summary>A blob was added to the content store (/content/create, containerd 2.0 and later).</summary>
    ContentCreate,

    /// <summary>A blob was deleted from the content store (/content/delete).</summary>
    ContentDelete,

    /// <summary>A sandbox was made (/sandboxes/create, containerd 1.7 and later).</summary>
    SandboxCreate,

    /// <summary>A sandbox was started (/sandboxes/start, containerd 1.7 and later).</summary>
    SandboxStart,

    /// <summary>A sandbox ended (/sandboxes/exit, containerd 1.7 and later).</summary>
    SandboxExit,
}

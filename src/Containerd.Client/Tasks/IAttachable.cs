namespace Containerd.Client.Tasks;

/// <summary>The calls in which an init process and an exec process differ. Each is made once, and none is cancelled half-way.</summary>
internal interface IAttachable
{
    /// <summary>The container's id.</summary>
    string ContainerId { get; }

    /// <summary>The exec process's id; empty for the init process.</summary>
    string ExecId { get; }

    /// <summary>Sets the process up with its streams.</summary>
    Task CreateAsync(Io.StdioPaths streams);

    /// <summary>Starts it; never a second time, which would kill the shim (trap T2).</summary>
    /// <returns>Its process id on the server's host.</returns>
    Task<int> StartAsync();

    /// <summary>Ends it with all that belongs to it, at once.</summary>
    /// <param name="pid">Its process id on the server's host; 0 where it is not known to run.</param>
    Task KillAsync(int pid);

    /// <summary>Deletes it, whatever became of it. That it is gone already is no error.</summary>
    Task DeleteAsync();
}

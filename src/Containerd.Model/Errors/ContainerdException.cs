namespace Containerd;

/// <summary>
/// An error of containerd or of this client. The message says what was attempted on what, why it failed and, where there
/// is one, the way out. More precise errors derive from it.
/// </summary>
public class ContainerdException : Exception
{
    /// <summary>Makes an error that no derived exception describes better.</summary>
    /// <param name="message">What was attempted on what, and why it failed.</param>
    /// <param name="status">The server's gRPC status, where a server answered.</param>
    /// <param name="innerException">The error underneath.</param>
    public ContainerdException(string message, ServerStatus? status = null, Exception? innerException = null)
        : base(message, innerException) => Status = status;

    /// <summary>The gRPC status the server answered with; null where the error is the client's own.</summary>
    public ServerStatus? Status { get; }

    /// <summary>A short stable name of the error; it is the ErrorId of the ErrorRecord a cmdlet writes.</summary>
    public virtual string ErrorId => Status is { } status ? status.ToString() : "ContainerdError";
}

/// <summary>What was named does not exist on the server.</summary>
public sealed class NotFoundException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">What kind of thing is missing.</param>
    /// <param name="id">Its id, name or digest.</param>
    /// <param name="message">The whole message; by default "No such container 'web'." in the kind's words.</param>
    /// <param name="innerException">The error underneath.</param>
    public NotFoundException(ResourceKind kind, string id, string? message = null, Exception? innerException = null)
        : base(message ?? Describe(kind, id), ServerStatus.NotFound, innerException) => (Kind, Id) = (kind, id);

    /// <summary>What kind of thing is missing.</summary>
    public ResourceKind Kind { get; }

    /// <summary>The id, name or digest that was asked for.</summary>
    public string Id { get; }

    /// <inheritdoc/>
    public override string ErrorId => Kind == ResourceKind.Task ? "ContainerNotRunning" : "NoSuch" + Kind;

    private static string Describe(ResourceKind kind, string id) => kind == ResourceKind.Task
        ? $"Container '{id}' is not running: it has no task."
        : $"No such {kind.ToString().ToLowerInvariant()} '{id}'.";
}

/// <summary>The id or name is in use already.</summary>
public sealed class AlreadyExistsException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="kind">What kind of thing exists already.</param>
    /// <param name="id">Its id or name.</param>
    /// <param name="message">The whole message; by default "The container 'web' exists already." in the kind's words.</param>
    /// <param name="innerException">The error underneath.</param>
    public AlreadyExistsException(ResourceKind kind, string id, string? message = null, Exception? innerException = null)
        : base(message ?? $"The {kind.ToString().ToLowerInvariant()} '{id}' exists already.", ServerStatus.AlreadyExists, innerException) =>
        (Kind, Id) = (kind, id);

    /// <summary>What kind of thing exists already.</summary>
    public ResourceKind Kind { get; }

    /// <summary>The id or name that is in use.</summary>
    public string Id { get; }

    /// <inheritdoc/>
    public override string ErrorId => "IdInUse";
}

/// <summary>The resource is in a state in which this cannot be done, such as a running container that is to be removed.</summary>
public sealed class FailedPreconditionException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What was attempted, the state that forbids it, and the way out.</param>
    /// <param name="innerException">The error underneath.</param>
    public FailedPreconditionException(string message, Exception? innerException = null)
        : base(message, ServerStatus.FailedPrecondition, innerException)
    {
    }

    /// <inheritdoc/>
    public override string ErrorId => "FailedPrecondition";
}

/// <summary>An argument is not one that can be used.</summary>
public sealed class InvalidArgumentException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="parameter">The parameter's name, as the user typed it.</param>
    /// <param name="message">What is wrong with its value and what is allowed.</param>
    /// <param name="innerException">The error underneath.</param>
    public InvalidArgumentException(string parameter, string message, Exception? innerException = null)
        : base(message, ServerStatus.InvalidArgument, innerException) => Parameter = parameter;

    /// <summary>The name of the parameter whose value cannot be used.</summary>
    public string Parameter { get; }

    /// <inheritdoc/>
    public override string ErrorId => "InvalidArgument";
}

/// <summary>The server cannot be reached: no daemon at the address, or no permission on its socket.</summary>
public sealed class ConnectionException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="address">The address that was tried.</param>
    /// <param name="message">Why it failed and what to do.</param>
    /// <param name="permissionDenied">True when the socket is there and the user may not use it.</param>
    /// <param name="innerException">The error underneath.</param>
    public ConnectionException(string address, string message, bool permissionDenied = false, Exception? innerException = null)
        : base(message, permissionDenied ? ServerStatus.PermissionDenied : ServerStatus.Unavailable, innerException) =>
        (Address, PermissionDenied) = (address, permissionDenied);

    /// <summary>The address that was tried.</summary>
    public string Address { get; }

    /// <summary>True when the server is there and the user may not talk to it.</summary>
    public bool PermissionDenied { get; }

    /// <inheritdoc/>
    public override string ErrorId => PermissionDenied ? "PermissionDenied" : "NoServer";
}

/// <summary>An operation took longer than it was given.</summary>
public sealed class TimeoutException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What was waited for and how long.</param>
    /// <param name="innerException">The error underneath.</param>
    public TimeoutException(string message, Exception? innerException = null)
        : base(message, ServerStatus.DeadlineExceeded, innerException)
    {
    }

    /// <inheritdoc/>
    public override string ErrorId => "Timeout";
}

/// <summary>A process ended with an exit code other than zero.</summary>
public sealed class ProcessExitedException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">Which process of which container ended how.</param>
    /// <param name="exitCode">Its exit code; 128 + the signal's number where a signal ended it.</param>
    public ProcessExitedException(string message, int exitCode)
        : base(message) => ExitCode = exitCode;

    /// <summary>The exit code; 128 + the signal's number where a signal ended it.</summary>
    public int ExitCode { get; }

    /// <inheritdoc/>
    public override string ErrorId => "ProcessExitedNonZero";
}

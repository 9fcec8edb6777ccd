using System.Management.Automation;

namespace Containerd.PowerShell.Errors;

/// <summary>The one place where an exception becomes an error record: its id, its category and the object it concerns.</summary>
internal static class ErrorRecords
{
    /// <summary>The error record for an exception.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="target">The object the cmdlet worked on, most often an id as the user typed it.</param>
    /// <returns>The record to write.</returns>
    public static ErrorRecord From(Exception error, object? target) => error switch
    {
        ContainerdException e => new ErrorRecord(e, e.ErrorId, Category(e), target),
        IContainsErrorRecord e => new ErrorRecord(e.ErrorRecord, error) { },
        UnauthorizedAccessException => new ErrorRecord(error, "PermissionDenied", ErrorCategory.PermissionDenied, target),
        FileNotFoundException or DirectoryNotFoundException => new ErrorRecord(error, "NoSuchFile", ErrorCategory.ObjectNotFound, target),
        InvalidDataException => new ErrorRecord(error, "InvalidContent", ErrorCategory.InvalidData, target),
        IOException => new ErrorRecord(error, "IOError", ErrorCategory.ReadError, target),
        ArgumentException => new ErrorRecord(error, "InvalidArgument", ErrorCategory.InvalidArgument, target),
        _ => new ErrorRecord(error, error.GetType().Name, ErrorCategory.NotSpecified, target),
    };

    private static ErrorCategory Category(ContainerdException error) => error switch
    {
        NotFoundException => ErrorCategory.ObjectNotFound,
        AlreadyExistsException => ErrorCategory.ResourceExists,
        FailedPreconditionException => ErrorCategory.InvalidOperation,
        InvalidArgumentException => ErrorCategory.InvalidArgument,
        ConnectionException { PermissionDenied: true } => ErrorCategory.PermissionDenied,
        ConnectionException => ErrorCategory.ConnectionError,
        TimeoutException => ErrorCategory.OperationTimeout,
        ProcessExitedException => ErrorCategory.FromStdErr,
        { Status: ServerStatus.ResourceExhausted } => ErrorCategory.LimitsExceeded,
        { Status: ServerStatus.PermissionDenied } => ErrorCategory.PermissionDenied,
        { Status: ServerStatus.Unauthenticated } => ErrorCategory.AuthenticationError,
        { Status: ServerStatus.Unimplemented } => ErrorCategory.NotImplemented,
        { Status: ServerStatus.Unavailable } => ErrorCategory.ResourceUnavailable,
        { Status: ServerStatus.DataLoss } => ErrorCategory.InvalidData,
        _ => ErrorCategory.NotSpecified,
    };
}

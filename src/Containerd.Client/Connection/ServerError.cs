using Grpc.Core;

namespace Containerd.Client.Connection;

/// <summary>
/// The one place where a server's error becomes an exception of ours: by its gRPC status, and by its text only where the
/// server gives nothing better. Most errors of the runtime arrive as Unknown with a text.
/// </summary>
internal static class ServerError
{
    // dockerd's client knows the first three (its wrapError); the others were seen on live servers.
    private static readonly string[] NotFoundTexts =
        ["container does not exist", "not found", "no such container", "process already finished", "no such process"];

    private static readonly string[] AlreadyExistsTexts = ["already exists"];

    private static readonly string[] WrongStateTexts =
    [
        "cannot delete a running process", "cannot delete a paused process", "cannot exec in a", "cannot pause a", "cannot resume a",
        "cannot start a", "cannot checkpoint a", "cannot update a", "cannot kill a", "cannot resize a", "container not running",
        "container not paused", "must be stopped before deletion", "is not running", "container is not in created state",
        "cannot set cgroup", "cannot have started",
    ];

    private static readonly string[] ShimGoneTexts = ["ttrpc: closed", "ttrpc: client shutting down", "shim is shutting down"];

    // Without "invalid argument" and "permission denied": those are the kernel's words for the reason, more often than a class.
    private static readonly string[] ErrorClasses =
    [
        "unknown", "not found", "already exists", "failed precondition", "unavailable", "not implemented", "out of range", "data loss",
        "internal", "aborted",
    ];

    public static ContainerdException Translate(RpcException error, Attempt attempt, ServerAddress address)
    {
        if (error.StatusCode == StatusCode.Unavailable && Find<ConnectionException>(error) is { } dialing)
            return dialing;

        var detail = StripClass(error.Status.Detail);
        var message = $"Cannot {attempt.Action}: {detail}";
        switch (error.StatusCode)
        {
            case StatusCode.NotFound:
                return NotFound(error, attempt, detail);
            case StatusCode.AlreadyExists:
                // The server often says no more than the id, and what is wrong with it only in the class.
                return new AlreadyExistsException(attempt.Kind, attempt.Id, Matches(detail, AlreadyExistsTexts) ? message : message + " exists already", error);
            case StatusCode.FailedPrecondition:
                return new FailedPreconditionException(message, error);
            case StatusCode.InvalidArgument:
                return new InvalidArgumentException(attempt.Kind.ToString(), message, error);
            case StatusCode.DeadlineExceeded:
                return new TimeoutException($"Cannot {attempt.Action}: containerd at {address} did not answer in time.", error);
            case StatusCode.Unavailable when IsLostConnection(error):
                return new ConnectionException(
                    address.ToString(), $"Cannot {attempt.Action}: the connection to containerd at {address} was lost.", innerException: error);
            case StatusCode.Unimplemented:
                return new ContainerdException(
                    $"Cannot {attempt.Action}: this containerd does not have it ({detail}).", ServerStatus.Unimplemented, error);
            case StatusCode.Unknown:
                return TranslateText(error, attempt, detail, message, address);
            default:
                return new ContainerdException(message, (ServerStatus)(int)error.StatusCode, error);
        }
    }

    /// <summary>A server's text without the class that containerd 1.x puts behind it (": unknown").</summary>
    internal static string StripClass(string detail)
    {
        foreach (var name in ErrorClasses)
        {
            if (detail.Length > name.Length + 2 && detail.EndsWith(": " + name, StringComparison.Ordinal))
                return StripClass(detail[..^(name.Length + 2)]);
        }

        return detail;
    }

    private static ContainerdException TranslateText(
        RpcException error, Attempt attempt, string detail, string message, ServerAddress address)
    {
        if (Matches(detail, ["context deadline exceeded"]))
            return new TimeoutException($"Cannot {attempt.Action}: containerd at {address} gave up waiting ({detail}).", error);
        if (Matches(detail, ShimGoneTexts))
            return new ShimGoneException($"Cannot {attempt.Action}: its shim is gone ({detail}); containerd cleans up after it in a few seconds.", error);
        if (Matches(detail, ["filters: parse error"]))
            return new InvalidArgumentException("Filter", $"Cannot {attempt.Action}: containerd cannot read the filter ({detail}).", error);
        if (Matches(detail, WrongStateTexts))
            return new FailedPreconditionException(message, error);
        if (Matches(detail, AlreadyExistsTexts))
            return new AlreadyExistsException(attempt.Kind, attempt.Id, message, error);

        // A runtime that cannot find the program to run says "executable file not found" or "no such file": the container is there.
        if (Matches(detail, ["executable file not found", "no such file or directory", "OCI runtime"]))
            return new ContainerdException(message, ServerStatus.Unknown, error);
        return Matches(detail, NotFoundTexts) ? NotFound(error, attempt, detail) : new ContainerdException(message, ServerStatus.Unknown, error);
    }

    private static NotFoundException NotFound(RpcException error, Attempt attempt, string detail)
    {
        // A call on a task names the kind it expects; the server may miss something else on the way there.
        var plain = new NotFoundException(attempt.Kind, attempt.Id, null, error);
        return detail.Contains(attempt.Id, StringComparison.Ordinal) || attempt.Kind is ResourceKind.Task or ResourceKind.Exec
            ? plain
            : new NotFoundException(attempt.Kind, attempt.Id, $"Cannot {attempt.Action}: {detail}", error);
    }

    private static bool IsLostConnection(RpcException error) =>
        error.Status.DebugException is not null || error.Status.Detail.Contains("transport is closing", StringComparison.Ordinal);

    private static bool Matches(string detail, string[] texts) =>
        Array.Exists(texts, text => detail.Contains(text, StringComparison.OrdinalIgnoreCase));

    private static T? Find<T>(RpcException error)
        where T : Exception
    {
        for (var e = error.Status.DebugException ?? error.InnerException; e is not null; e = e.InnerException)
        {
            if (e is T found)
                return found;
        }

        return null;
    }
}

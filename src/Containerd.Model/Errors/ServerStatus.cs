namespace Containerd;

/// <summary>The gRPC status code a server answered with (grpc.io, "Status codes and their use in gRPC").</summary>
public enum ServerStatus
{
    /// <summary>No error.</summary>
    OK = 0,

    /// <summary>The call was cancelled.</summary>
    Cancelled = 1,

    /// <summary>An error without a class; containerd uses it for most errors of the runtime.</summary>
    Unknown = 2,

    /// <summary>The request itself was wrong.</summary>
    InvalidArgument = 3,

    /// <summary>The call took longer than its deadline.</summary>
    DeadlineExceeded = 4,

    /// <summary>What the request names does not exist.</summary>
    NotFound = 5,

    /// <summary>What the request would create exists already.</summary>
    AlreadyExists = 6,

    /// <summary>The caller may not do this.</summary>
    PermissionDenied = 7,

    /// <summary>A limit was reached, most often a message over 16 MiB.</summary>
    ResourceExhausted = 8,

    /// <summary>The resource is in a state in which this cannot be done.</summary>
    FailedPrecondition = 9,

    /// <summary>The operation was given up because of a conflict.</summary>
    Aborted = 10,

    /// <summary>An offset or position lies outside of the resource.</summary>
    OutOfRange = 11,

    /// <summary>The server does not have this service: it is older than the feature.</summary>
    Unimplemented = 12,

    /// <summary>The server broke one of its own rules.</summary>
    Internal = 13,

    /// <summary>The server cannot be reached, or a resource is locked by another client.</summary>
    Unavailable = 14,

    /// <summary>Data is lost or corrupt for good.</summary>
    DataLoss = 15,

    /// <summary>The caller did not prove who it is.</summary>
    Unauthenticated = 16,
}

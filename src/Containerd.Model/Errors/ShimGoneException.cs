namespace Containerd;

/// <summary>The shim that held a container's processes has died; containerd reports their exit with code 137 and cleans up.</summary>
public sealed class ShimGoneException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What was attempted on what.</param>
    /// <param name="innerException">The error underneath.</param>
    public ShimGoneException(string message, Exception? innerException = null)
        : base(message, ServerStatus.Unknown, innerException)
    {
    }

    /// <inheritdoc/>
    public override string ErrorId => "ShimGone";
}

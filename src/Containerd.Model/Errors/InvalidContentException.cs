namespace Containerd;

/// <summary>Content is not what it should be: a truncated or hostile archive, a digest that does not match, a manifest that is none.</summary>
public sealed class InvalidContentException : ContainerdException
{
    /// <summary>Makes the error.</summary>
    /// <param name="message">What was read, and what is wrong with it.</param>
    /// <param name="innerException">The error underneath.</param>
    public InvalidContentException(string message, Exception? innerException = null)
        : base(message, ServerStatus.DataLoss, innerException)
    {
    }

    /// <inheritdoc/>
    public override string ErrorId => "InvalidContent";
}

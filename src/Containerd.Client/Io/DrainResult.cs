namespace Containerd.Client.Io;

/// <summary>How the output of a process ended.</summary>
/// <param name="OutputStillOpen">
/// A child of the process held a stream open and wrote nothing for the idle grace (trap T10): what it writes later is not captured.
/// </param>
/// <param name="StdoutBytes">Bytes read of stdout, of a sink that failed or a buffer that was full too.</param>
/// <param name="StderrBytes">Bytes read of stderr.</param>
public sealed record DrainResult(bool OutputStillOpen, long StdoutBytes, long StderrBytes);

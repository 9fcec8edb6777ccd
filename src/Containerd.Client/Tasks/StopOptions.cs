namespace Containerd.Client.Tasks;

/// <summary>How a task is to be ended.</summary>
public sealed record StopOptions
{
    /// <summary>The label in which containerd's clients keep the image's stop signal.</summary>
    public const string StopSignalLabel = "io.containerd.image.config.stop-signal";

    /// <summary>What docker and nerdctl wait before they kill: 10 seconds.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>SIGKILL without further ado.</summary>
    internal static StopOptions AtOnce { get; } = new() { Signal = Oci.Signal.Kill, Timeout = TimeSpan.Zero };

    /// <summary>The signal to begin with; null for the container's own (<see cref="StopSignalLabel"/>), else SIGTERM.</summary>
    public int? Signal { get; init; }

    /// <summary>How long to wait before all processes of the container get SIGKILL.</summary>
    public TimeSpan Timeout { get; init; } = DefaultTimeout;

    /// <summary>Hears of every step, in words.</summary>
    public Action<string> Step { get; init; } = static _ => { };
}

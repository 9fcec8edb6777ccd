using System.Text;

namespace Containerd.Client.Containers;

/// <summary>The labels of a container: the rules for them, and the names of those that mean something.</summary>
internal static class ContainerLabels
{
    /// <summary>The label that keeps the image's stop signal, as ctr and nerdctl write it.</summary>
    public const string StopSignal = "io.containerd.image.config.stop-signal";

    // containerd's labels.Validate: key and value together.
    private const int MaxBytes = 4096;

    /// <summary>Checks labels as the server would, so that the error names the label.</summary>
    /// <exception cref="InvalidArgumentException">A label has no key or is too long.</exception>
    public static void Check(IEnumerable<KeyValuePair<string, string?>> labels)
    {
        foreach (var (key, value) in labels)
        {
            if (key.Length == 0)
                throw new InvalidArgumentException("Label", "A label needs a key.");
            var size = Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value ?? "");
            if (size > MaxBytes)
                throw new InvalidArgumentException("Label", $"The label '{Shorten(key)}' has {size} bytes with its value; containerd keeps at most {MaxBytes}.");
        }
    }

    private static string Shorten(string key) => key.Length <= 64 ? key : key[..64] + "…";
}

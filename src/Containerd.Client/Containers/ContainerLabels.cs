using System.Text;
using Containerd.Client.Oci;

namespace Containerd.Client.Containers;

/// <summary>The labels of a container: the rules for them, and those that come from its image.</summary>
internal static class ContainerLabels
{
    /// <summary>The label that keeps the image's stop signal, as ctr and nerdctl write it.</summary>
    public const string StopSignal = "io.containerd.image.config.stop-signal";

    // containerd's labels.Validate: key and value together.
    private const int MaxBytes = 4096;

    // Marks that clients put on things of their own; an image that bears them would make its containers seem theirs.
    private static readonly string[] s_reserved = ["containerd.io/", "io.cri-containerd", "nerdctl/"];

    /// <summary>The labels of a new container: the image's, its stop signal, and the user's, which are stronger.</summary>
    public static IReadOnlyDictionary<string, string> Of(ImageConfig? image, IReadOnlyDictionary<string, string> wishes)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in image?.Config.Labels ?? new Dictionary<string, string>())
        {
            // What containerd would refuse or drop is the image's fault, not the user's: such a label is left out.
            var isOurs = Array.Exists(s_reserved, prefix => key.StartsWith(prefix, StringComparison.Ordinal));
            if (!isOurs && key.Length > 0 && value is { Length: > 0 } && Size(key, value) <= MaxBytes)
                labels[key] = value;
        }

        if (image?.Config.StopSignal is { Length: > 0 } signal)
            labels[StopSignal] = signal;
        foreach (var (key, value) in wishes)
            labels[key] = value;
        return labels;
    }

    /// <summary>Checks labels as the server would, so that the error names the label.</summary>
    /// <exception cref="InvalidArgumentException">A label has no key or is too long.</exception>
    public static void Check(IEnumerable<KeyValuePair<string, string?>> labels)
    {
        foreach (var (key, value) in labels)
        {
            if (key.Length == 0)
                throw new InvalidArgumentException("Label", "A label needs a key.");
            if (Size(key, value ?? "") is > MaxBytes and var size)
                throw new InvalidArgumentException("Label", $"The label '{Shorten(key)}' has {size} bytes with its value; containerd keeps at most {MaxBytes}.");
        }
    }

    private static int Size(string key, string value) => Encoding.UTF8.GetByteCount(key) + Encoding.UTF8.GetByteCount(value);

    private static string Shorten(string key) => key.Length <= 64 ? key : key[..64] + "…";
}

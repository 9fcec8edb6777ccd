using System.Globalization;
using System.Text;

namespace Containerd.Client.Oci;

/// <summary>Reads the two ways in which people type mounts.</summary>
internal static class MountText
{
    private static readonly string[] Propagations = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

    /// <summary>The keys that need a value.</summary>
    private static readonly string[] Keys =
        ["type", "source", "src", "destination", "dst", "target", "options", "bind-propagation", "tmpfs-size", "tmpfs-mode"];

    /// <summary>What may follow <c>/a:/b:</c>; anything else there is a mistake rather than a wish.</summary>
    private static readonly string[] BindOptions =
    [
        "ro", "rw", "rro", "bind", "rbind", .. Propagations, "suid", "nosuid", "dev", "nodev", "exec", "noexec",
        "atime", "noatime", "diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime",
    ];

    public static MountSpec Parse(string text, string parameter)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Contains('\0', StringComparison.Ordinal))
            throw Wrong(parameter, text, "give type=bind,source=/on/host,destination=/in/container or /on/host:/in/container");
        // A path may hold "=" only behind a colon, a key only before its "=".
        int equals = text.IndexOf('=', StringComparison.Ordinal), colon = text.IndexOf(':', StringComparison.Ordinal);
        bool keyed = equals >= 0 && (colon < 0 || equals < colon) && !text.StartsWith('/') && !text.StartsWith('.');
        MountSpec mount = keyed ? ParseKeys(text, parameter) : ParseColons(text, parameter);
        Check(mount, text, parameter);
        return mount with { Destination = Trimmed(mount.Destination) };
    }

    private static MountSpec ParseKeys(string text, string parameter)
    {
        string type = "bind", propagation = "rprivate";
        string? source = null, destination = null;
        List<string> given = [];
        List<string> tmpfs = [];
        bool readOnly = false, recursive = true;
        foreach (string field in Fields(text, parameter))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string key = (equals < 0 ? field : field[..equals]).Trim().ToLowerInvariant();
            string? value = equals < 0 ? null : field[(equals + 1)..];
            switch (key)
            {
                case "readonly" or "ro":
                    readOnly = Truth(value, key);
                    break;
                case "bind-nonrecursive":
                    recursive = !Truth(value, key);
                    break;
                case not null when string.IsNullOrEmpty(value) && Keys.Contains(key):
                    throw Wrong(parameter, text, $"'{key}' has no value");
                case "type":
                    type = value!.ToLowerInvariant();
                    break;
                case "source" or "src":
                    source = value;
                    break;
                case "destination" or "dst" or "target":
                    destination = value;
                    break;
                case "options":
                    given.AddRange(value!.Split(':', StringSplitOptions.RemoveEmptyEntries));
                    break;
                case "bind-propagation":
                    propagation = Propagations.Contains(value) ? value!
                        : throw Wrong(parameter, text, $"'{value}' is no propagation; it is one of {string.Join(", ", Propagations)}");
                    break;
                case "tmpfs-size":
                    long size = Bytes(value!) ?? throw Wrong(parameter, text, $"'{value}' is no size in bytes, such as 64m");
                    tmpfs.Add(FormattableString.Invariant($"size={size}"));
                    break;
                case "tmpfs-mode":
                    tmpfs.Add(value!.Length is >= 3 and <= 5 && !value.AsSpan().ContainsAnyExceptInRange('0', '7')
                        ? $"mode={value}" : throw Wrong(parameter, text, $"'{value}' is no file mode, such as 1777"));
                    break;
                default:
                    throw Wrong(parameter, text, $"'{key}' is no key of a mount; the keys are {string.Join(", ", Keys.Where(k => k is not ("src" or "dst" or "target")))}, readonly and bind-nonrecursive");
            }
        }

        if (type != "tmpfs" && tmpfs.Count > 0)
            throw Wrong(parameter, text, "tmpfs-size and tmpfs-mode are for type=tmpfs");
        bool asGiven = given.Count > 0;
        List<string> options = type switch
        {
            "bind" when asGiven => given.Contains("bind") || given.Contains("rbind") ? given : [recursive ? "rbind" : "bind", .. given],
            "bind" => [recursive ? "rbind" : "bind", propagation],
            "tmpfs" when !asGiven => ["nosuid", "nodev", "noexec", .. tmpfs],
            _ => [.. given, .. tmpfs],
        };
        if (readOnly && !options.Contains("ro"))
            options = [.. options.Where(option => option != "rw"), "ro"];
        return new MountSpec(destination ?? throw Wrong(parameter, text, "the destination is missing"))
        {
            Type = type,
            // Without a source /proc/mounts gets a line with a hole, on which df and mount fail in the container.
            Source = source ?? (type == "bind" ? null : type),
            Options = options,
        };

        bool Truth(string? value, string key) => value?.ToLowerInvariant() switch
        {
            null or "true" or "1" => true,
            "false" or "0" => false,
            _ => throw Wrong(parameter, text, $"{key} is true or false, not '{value}'"),
        };
    }

    private static MountSpec ParseColons(string text, string parameter)
    {
        List<string> parts = SplitPaths(text);
        if (parts.Count is < 2 or > 3)
            throw Wrong(parameter, text, "give /on/host:/in/container, with :ro behind it if it is to be read only");
        if (parts.Count == 2)
            return MountSpec.Bind(parts[0], parts[1]);
        string[] options = parts[2].Split(',');
        if (options.FirstOrDefault(option => !BindOptions.Contains(option)) is { } unknown)
            throw Wrong(parameter, text, $"'{unknown}' is no option of a bind mount");
        List<string> all = options.Contains("bind") || options.Contains("rbind") ? [] : ["rbind"];
        if (!options.Any(option => Propagations.Contains(option)))
            all.Add("rprivate");
        return new MountSpec(parts[1]) { Type = "bind", Source = parts[0], Options = [.. all, .. options.Where(option => option != "rw")] };
    }

    /// <summary>Splits at colons, but not at the one of a Windows drive.</summary>
    private static List<string> SplitPaths(string text)
    {
        var parts = new List<string>();
        foreach (string piece in text.Split(':'))
        {
            if (piece is ['\\' or '/', ..] && parts is [.., [var drive]] && char.IsAsciiLetter(drive))
                parts[^1] += ":" + piece;
            else
                parts.Add(piece);
        }

        return parts;
    }

    private static void Check(MountSpec mount, string text, string parameter)
    {
        if (mount.Type == "volume" || (mount.Type == "bind" && mount.Source is { } name && !name.AsSpan().ContainsAny('/', '\\') && name.Length > 0))
            throw Wrong(parameter, text, "containerd has no named volumes; give an absolute path on the daemon's host");
        if (!IsAbsolute(mount.Destination) || mount.Destination.Split('/', '\\').Contains(".."))
            throw Wrong(parameter, text, $"the destination '{mount.Destination}' is no absolute path in the container");
        if (Trimmed(mount.Destination) is "/")
            throw Wrong(parameter, text, "nothing can be mounted over the container's root");
        if (mount.Type != "bind")
            return;
        if (string.IsNullOrEmpty(mount.Source))
            throw Wrong(parameter, text, "the source is missing");
        if (!IsAbsolute(mount.Source))
            throw Wrong(parameter, text, $"the source '{mount.Source}' must be an absolute path on the daemon's host");
    }

    private static bool IsAbsolute(string path) =>
        path is ['/', ..] or ['\\', '\\', ..] || (path is [var drive, ':', '\\' or '/', ..] && char.IsAsciiLetter(drive));

    private static string Trimmed(string path)
    {
        string trimmed = path.StartsWith('/') ? path.TrimEnd('/') : path;
        return trimmed.Length == 0 ? "/" : trimmed;
    }

    /// <summary>The comma-separated fields; one that begins with a quote ends at the next, and two quotes in it are one.</summary>
    private static IEnumerable<string> Fields(string text, string parameter)
    {
        var field = new StringBuilder();
        bool quoted = false, atStart = true;
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '"' && quoted && i + 1 < text.Length && text[i + 1] == '"')
                field.Append(text[++i]);
            else if (c == '"' && (quoted || atStart))
                quoted = !quoted;
            else if (c == ',' && !quoted)
            {
                yield return field.ToString();
                field.Clear();
                atStart = true;
                continue;
            }
            else
                field.Append(c);
            atStart = false;
        }

        if (quoted)
            throw Wrong(parameter, text, "a quote is not closed");
        yield return field.ToString();
    }

    private static long? Bytes(string text)
    {
        string lower = text.Trim().ToLowerInvariant();
        string digits = lower.TrimEnd('k', 'm', 'g', 'i', 'b');
        int shift = lower[digits.Length..] switch
        {
            "" or "b" => 0,
            "k" or "kb" or "kib" => 10,
            "m" or "mb" or "mib" => 20,
            "g" or "gb" or "gib" => 30,
            _ => -1,
        };
        return shift >= 0 && long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            && number > 0 && number <= long.MaxValue >> shift ? number << shift : null;
    }

    private static InvalidArgumentException Wrong(string parameter, string text, string why) =>
        new(parameter, $"'{(text.Length > 200 ? string.Concat(text.AsSpan(0, 200), "…") : text)}' is no mount: {why}.");
}

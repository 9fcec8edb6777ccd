using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>One mount of a runtime spec.</summary>
/// <param name="Destination">Where it appears in the container, an absolute path.</param>
/// <remarks>Source: opencontainers/runtime-spec, config.md, "Mounts".</remarks>
public sealed record MountSpec(string Destination)
{
    /// <summary>The file system's type, or "bind"; null where the spec says none.</summary>
    public string? Type { get; init; }

    /// <summary>What is mounted: for a bind mount a path on the daemon's host.</summary>
    public string? Source { get; init; }

    /// <summary>The options of mount(8), such as <c>rbind</c>, <c>ro</c>, <c>size=64m</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Whether it is mounted read-only.</summary>
    public bool ReadOnly => Options.Contains("ro");

    /// <summary>A bind mount with everything below it, which neither side's later mounts cross, as docker makes it.</summary>
    /// <param name="source">A path on the daemon's host.</param>
    /// <param name="destination">Where it appears in the container.</param>
    /// <param name="readOnly">Whether the container can only read it.</param>
    public static MountSpec Bind(string source, string destination, bool readOnly = false) => new(destination)
    {
        Type = "bind",
        Source = source,
        Options = readOnly ? ["rbind", "rprivate", "ro"] : ["rbind", "rprivate"],
    };

    /// <summary>A file system in memory, without setuid programs, devices and executables, as docker makes it.</summary>
    /// <param name="destination">Where it appears in the container.</param>
    /// <param name="size">Its limit in bytes; half of the machine's memory where null.</param>
    public static MountSpec Tmpfs(string destination, long? size = null) => new(destination)
    {
        Type = "tmpfs",
        Source = "tmpfs",
        Options = size is null ? ["nosuid", "nodev", "noexec"] : ["nosuid", "nodev", "noexec", FormattableString.Invariant($"size={size}")],
    };

    /// <summary>
    /// Reads a mount as people type it: <c>type=bind,source=/a,destination=/b,readonly</c>, or <c>/a:/b</c> and <c>/a:/b:ro</c>.
    /// </summary>
    /// <remarks>
    /// Keys: type (bind where left out), source (src), destination (dst, target), readonly (ro), bind-propagation,
    /// bind-nonrecursive, tmpfs-size, tmpfs-mode, and options, which are colon-separated as in ctr and given to mount as they
    /// are. A value with a comma stands in quotes with its key: <c>"source=/a,b"</c>.
    /// </remarks>
    /// <param name="text">The mount as typed.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">It cannot be read; the message says what is wrong.</exception>
    public static MountSpec Parse(string text, string parameter = "Mount") => MountText.Parse(text ?? "", parameter);

    internal JsonObject ToJson()
    {
        var json = new JsonObject { ["destination"] = Destination };
        if (Type is not null)
            json["type"] = Type;
        if (Source is not null)
            json["source"] = Source;
        if (Options.Count > 0)
            json["options"] = OciJson.ArrayOf(Options);
        return json;
    }

    internal static MountSpec FromJson(JsonObject json) => new(OciJson.Text(json, "destination") ?? "")
    {
        Type = OciJson.Text(json, "type"),
        Source = OciJson.Text(json, "source"),
        Options = OciJson.Texts(json, "options"),
    };
}

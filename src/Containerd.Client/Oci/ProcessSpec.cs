using System.Text;
using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>The size of a terminal in characters.</summary>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
public readonly record struct ConsoleSize(uint Width, uint Height);

/// <summary>Who a process runs as.</summary>
/// <param name="Uid">The user id inside the container.</param>
/// <param name="Gid">The primary group id inside the container.</param>
public sealed record ProcessUser(uint Uid, uint Gid)
{
    /// <summary>All groups the process has; containerd keeps the primary one among them so that no file can exclude it.</summary>
    public IReadOnlyList<uint> AdditionalGids { get; init; } = [];

    /// <summary>The user's name on Windows; null on Linux.</summary>
    public string? Username { get; init; }
}

/// <summary>
/// The process part of a runtime spec, kept as JSON like the whole: of the container itself, or of an exec, for which it
/// is sent alone.
/// </summary>
/// <remarks>Source: opencontainers/runtime-spec, config.md, "Process".</remarks>
public sealed class ProcessSpec
{
    private static readonly string[] CapabilitySets = ["bounding", "effective", "permitted"];

    internal ProcessSpec(JsonObject json) => Json = json;

    /// <summary>The process itself; changes to it are changes of the spec it belongs to.</summary>
    public JsonObject Json { get; }

    /// <summary>Parses a process that stands alone.</summary>
    /// <exception cref="InvalidArgumentException">It is no JSON object, repeats a key, or is too large or too deep.</exception>
    public static ProcessSpec Parse(ReadOnlySpan<byte> utf8) => new(OciJson.ParseObject(utf8, RuntimeSpec.MaxBytes, "Process"));

    /// <summary>The process as compact UTF-8 JSON, as an exec request carries it.</summary>
    public byte[] ToUtf8Bytes() => OciJson.ToUtf8Bytes(Json);

    /// <summary>The process as indented JSON.</summary>
    public override string ToString() => Encoding.UTF8.GetString(OciJson.ToUtf8Bytes(Json, indented: true));

    /// <summary>A copy that belongs to no spec.</summary>
    public ProcessSpec Clone() => new((JsonObject)Json.DeepClone());

    /// <summary>The program and its arguments. Setting them removes a Windows command line, which would win over them.</summary>
    public IReadOnlyList<string> Args
    {
        get => OciJson.Texts(Json, "args");
        set
        {
            Json.Remove("commandLine");
            Json["args"] = OciJson.ArrayOf(value);
        }
    }

    /// <summary>The command line of a Windows process, used instead of <see cref="Args"/> where it is set.</summary>
    public string? CommandLine
    {
        get => OciJson.Text(Json, "commandLine");
        set => OciJson.SetOrRemove(Json, "commandLine", value);
    }

    /// <summary>The environment, each entry <c>NAME=value</c>.</summary>
    public IReadOnlyList<string> Env
    {
        get => OciJson.Texts(Json, "env");
        set => Json["env"] = OciJson.ArrayOf(value);
    }

    /// <summary>The working directory.</summary>
    public string? Cwd
    {
        get => OciJson.Text(Json, "cwd");
        set => OciJson.SetOrRemove(Json, "cwd", value);
    }

    /// <summary>Whether the process has a terminal. It must be what the create request says, or the runtime refuses.</summary>
    public bool Terminal
    {
        get => OciJson.Flag(Json, "terminal");
        set => OciJson.SetOrRemove(Json, "terminal", value ? true : null);
    }

    /// <summary>The terminal's size from the first instruction on; a resize before the start is ignored by the runtime.</summary>
    public ConsoleSize? ConsoleSize
    {
        get => OciJson.Object(Json, "consoleSize") is { } size
            ? new((uint)(OciJson.Number(size, "width") ?? 0), (uint)(OciJson.Number(size, "height") ?? 0)) : null;
        set => OciJson.SetOrRemove(Json, "consoleSize",
            value is { } size ? new JsonObject { ["height"] = (long)size.Height, ["width"] = (long)size.Width } : null);
    }

    /// <summary>Whether the process can gain no privilege by executing a file (setuid, file capabilities).</summary>
    public bool NoNewPrivileges
    {
        get => OciJson.Flag(Json, "noNewPrivileges");
        set => OciJson.SetOrRemove(Json, "noNewPrivileges", value ? true : null);
    }

    /// <summary>Who the process runs as. Other members of the spec's user, such as its umask, are kept when it is set.</summary>
    public ProcessUser User
    {
        get
        {
            JsonObject user = OciJson.Object(Json, "user") ?? [];
            return new(Id(OciJson.Number(user, "uid")), Id(OciJson.Number(user, "gid")))
            {
                AdditionalGids = [.. (OciJson.Array(user, "additionalGids") ?? []).Select(gid => Id(OciJson.NumberOf(gid, "additionalGids")))],
                Username = OciJson.Text(user, "username"),
            };
        }

        set
        {
            ArgumentNullException.ThrowIfNull(value);
            JsonObject user = OciJson.ObjectOrNew(Json, "user");
            user["uid"] = (long)value.Uid;
            user["gid"] = (long)value.Gid;
            OciJson.SetOrRemove(user, "additionalGids",
                value.AdditionalGids.Count == 0 ? null : new JsonArray([.. value.AdditionalGids.Select(gid => (JsonNode?)JsonValue.Create((long)gid))]));
            OciJson.SetOrRemove(user, "username", value.Username);
        }
    }

    /// <summary>
    /// The capabilities the process may use (its bounding set). Setting gives the same to the effective and permitted
    /// sets and, as containerd does, never to the inheritable one (CVE-2022-24769).
    /// </summary>
    public IReadOnlyList<string> Capabilities
    {
        get => OciJson.Object(Json, "capabilities") is { } sets ? OciJson.Texts(sets, "bounding") : [];
        set
        {
            JsonObject sets = OciJson.ObjectOrNew(Json, "capabilities");
            foreach (string set in CapabilitySets)
                sets[set] = OciJson.ArrayOf(value);
        }
    }

    /// <summary>The limit on open files; null where the spec sets none.</summary>
    public OpenFilesLimit? OpenFiles
    {
        get => FindOpenFiles() is { } limit
            ? new(OciJson.Unsigned(limit, "soft"), OciJson.Unsigned(limit, "hard")) : null;
        set
        {
            if (FindOpenFiles() is { } old)
                ((JsonArray)old.Parent!).Remove(old);
            if (value is { } limit)
                OciJson.ArrayOrNew(Json, "rlimits").Add((JsonNode)new JsonObject
                {
                    ["type"] = "RLIMIT_NOFILE",
                    ["hard"] = limit.Hard,
                    ["soft"] = limit.Soft,
                });
        }
    }

    private JsonObject? FindOpenFiles() => OciJson.Objects(Json, "rlimits").FirstOrDefault(limit => OciJson.Text(limit, "type") == "RLIMIT_NOFILE");

    private static uint Id(long? number) => number switch
    {
        null => 0,
        >= 0 and <= uint.MaxValue => (uint)number,
        _ => throw new InvalidArgumentException("Spec", $"{number} in the OCI spec's process is no user or group id."),
    };
}

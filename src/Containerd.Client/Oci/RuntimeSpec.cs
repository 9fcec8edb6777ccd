using System.Text;
using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>
/// An OCI runtime specification (config.json), kept as JSON: what this client does not know is carried through unchanged,
/// numbers digit for digit. Typed members read and write the fields that the client needs.
/// </summary>
/// <remarks>
/// Reading a field that holds the wrong kind of value throws <see cref="InvalidArgumentException"/>. The object is not
/// safe for concurrent writing. Source: opencontainers/runtime-spec, config.md.
/// </remarks>
public sealed class RuntimeSpec
{
    /// <summary>The largest spec accepted, in bytes: containerd refuses messages above 16 MiB.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    internal RuntimeSpec(JsonObject root) => Json = root;

    /// <summary>The specification itself; changes to it are changes of this spec.</summary>
    public JsonObject Json { get; }

    /// <summary>Parses a specification.</summary>
    /// <param name="utf8">The JSON as UTF-8.</param>
    /// <exception cref="InvalidArgumentException">It is no JSON object, repeats a key, or is too large or too deep.</exception>
    public static RuntimeSpec Parse(ReadOnlySpan<byte> utf8)
    {
        ReadOnlySpan<byte> mark = Encoding.UTF8.Preamble;
        return new(OciJson.ParseObject(utf8.StartsWith(mark) ? utf8[mark.Length..] : utf8, MaxBytes, "Spec"));
    }

    /// <summary>Parses a specification.</summary>
    /// <param name="json">The JSON text.</param>
    /// <exception cref="InvalidArgumentException">It is no JSON object, repeats a key, or is too large or too deep.</exception>
    public static RuntimeSpec Parse(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        return Parse(Encoding.UTF8.GetBytes(json));
    }

    /// <summary>The specification as compact UTF-8 JSON, as containerd stores it.</summary>
    public byte[] ToUtf8Bytes() => OciJson.ToUtf8Bytes(Json);

    /// <summary>The specification as indented JSON.</summary>
    public override string ToString() => Encoding.UTF8.GetString(OciJson.ToUtf8Bytes(Json, indented: true));

    /// <summary>A copy that shares nothing with this one.</summary>
    public RuntimeSpec Clone() => new((JsonObject)Json.DeepClone());

    /// <summary>The version of the runtime specification that this one follows; null where it does not say.</summary>
    public string? Version => OciJson.Text(Json, "ociVersion");

    /// <summary>Whether this is for a Windows container (one with a Linux section too is a Linux container on Windows).</summary>
    public bool IsWindows => OciJson.Object(Json, "windows") is not null && OciJson.Object(Json, "linux") is null;

    /// <summary>The container's own process; null where the spec has none. Changes to it are changes of this spec.</summary>
    public ProcessSpec? Process
    {
        get => OciJson.Object(Json, "process") is { } found ? new ProcessSpec(found) : null;
        set => OciJson.SetOrRemove(Json, "process", value?.Json);
    }

    /// <summary>The host name inside; null where the container keeps the one it is born with.</summary>
    public string? Hostname
    {
        get => OciJson.Text(Json, "hostname");
        set => OciJson.SetOrRemove(Json, "hostname", value);
    }

    /// <summary>The root file system's path, relative to the bundle; containerd's own is "rootfs".</summary>
    public string? RootPath
    {
        get => OciJson.Object(Json, "root") is { } root ? OciJson.Text(root, "path") : null;
        set => OciJson.SetOrRemove(OciJson.ObjectOrNew(Json, "root"), "path", value);
    }

    /// <summary>Whether the root file system is mounted read-only.</summary>
    public bool RootReadOnly
    {
        get => OciJson.Object(Json, "root") is { } root && OciJson.Flag(root, "readonly");
        set => OciJson.SetOrRemove(OciJson.ObjectOrNew(Json, "root"), "readonly", value ? true : null);
    }

    /// <summary>The cgroup that the runtime makes; containerd's clients use <c>/namespace/id</c>. Null on Windows.</summary>
    public string? CgroupsPath
    {
        get => OciJson.Object(Json, "linux") is { } linux ? OciJson.Text(linux, "cgroupsPath") : null;
        set => OciJson.SetOrRemove(OciJson.ObjectOrNew(Json, "linux"), "cgroupsPath", value);
    }

    /// <summary>The mounts, in the order in which they are made.</summary>
    public IReadOnlyList<MountSpec> Mounts
    {
        get => [.. OciJson.Objects(Json, "mounts").Select(MountSpec.FromJson)];
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Json["mounts"] = new JsonArray([.. value.Select(mount => mount.ToJson())]);
        }
    }

    /// <summary>Appends a mount and leaves those that are there as they are.</summary>
    public void AddMount(MountSpec mount)
    {
        ArgumentNullException.ThrowIfNull(mount);
        OciJson.ArrayOrNew(Json, "mounts").Add((JsonNode)mount.ToJson());
    }

    /// <summary>The annotations, which the runtime and its hooks may read.</summary>
    public IReadOnlyDictionary<string, string> Annotations
    {
        get
        {
            JsonObject? found = OciJson.Object(Json, "annotations");
            return found is null ? new Dictionary<string, string>() : found.ToDictionary(item => item.Key, item => OciJson.Text(found, item.Key) ?? "");
        }
    }

    /// <summary>Sets an annotation; a null value removes it.</summary>
    public void SetAnnotation(string key, string? value)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        if (value is not null)
            OciJson.ObjectOrNew(Json, "annotations")[key] = value;
        else
            OciJson.Object(Json, "annotations")?.Remove(key);
    }

    /// <summary>The Linux namespaces by type ("pid", "network", …) with the path each joins, or null where a new one is made.</summary>
    public IReadOnlyDictionary<string, string?> Namespaces
    {
        get
        {
            var found = new Dictionary<string, string?>();
            foreach (JsonObject item in OciJson.Objects(OciJson.Object(Json, "linux") ?? [], "namespaces"))
                found[OciJson.Text(item, "type") ?? ""] = OciJson.Text(item, "path");
            return found;
        }
    }

    /// <summary>Makes the container have a namespace of its own, or join the one at <paramref name="path"/>.</summary>
    public void SetNamespace(string type, string? path = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(type);
        JsonArray all = OciJson.ArrayOrNew(OciJson.ObjectOrNew(Json, "linux"), "namespaces");
        JsonObject? entry = all.OfType<JsonObject>().FirstOrDefault(item => OciJson.Text(item, "type") == type);
        if (entry is null)
            all.Add((JsonNode)(entry = new JsonObject { ["type"] = type }));
        OciJson.SetOrRemove(entry, "path", path);
    }

    /// <summary>Makes the container share the host's namespace of this type. Returns whether it had one of its own.</summary>
    public bool RemoveNamespace(string type)
    {
        JsonArray all = OciJson.Array(OciJson.Object(Json, "linux") ?? [], "namespaces") ?? [];
        JsonObject? entry = all.OfType<JsonObject>().FirstOrDefault(item => OciJson.Text(item, "type") == type);
        return entry is not null && all.Remove(entry);
    }

    /// <summary>The limits the spec sets, those of them that this client knows.</summary>
    public LinuxResources Resources => LinuxResources.From(this);

    /// <summary>
    /// The spec of another process for this container (an exec): the container's own, to be given its own arguments. It
    /// shares nothing with this spec, asks for no terminal and has no console size.
    /// </summary>
    /// <exception cref="InvalidArgumentException">The spec has no process to start from.</exception>
    public ProcessSpec NewExecProcess()
    {
        ProcessSpec process = Process?.Clone()
            ?? throw new InvalidArgumentException("Spec", "The container's spec has no process, so there is none to model another on.");
        process.Terminal = false;
        process.ConsoleSize = null;
        return process;
    }
}

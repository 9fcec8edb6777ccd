using System.Formats.Tar;
using System.IO.Compression;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Containerd.Testing;

/// <summary>
/// A small image made in memory: a static busybox with all its applets, a passwd and a group file with something to look up, and
/// whatever config a test asks for. Written by a test's own hand, without the code under test.
/// </summary>
/// <remarks>
/// /etc/passwd has <c>root</c> (0:0), <c>daemon</c> (1:1), <c>app</c> (1000:1000) and <c>nobody</c> (65534:65534); /etc/group adds
/// <c>wheel</c> (10: root, app) and <c>extra</c> (2000: app) as supplementary groups.
/// </remarks>
public sealed record TestImage
{
    private const UnixFileMode ReadableFile = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Executable = ReadableFile | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
    private const UnixFileMode Everything = Executable | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    private static readonly Lazy<byte[]> Busybox = new(() => File.ReadAllBytes(BusyboxPath()));
    private static readonly Lazy<string[]> Applets = new(ListApplets);

    /// <summary>The image's full name.</summary>
    public string Name { get; init; } = "example.test/busybox:latest";

    /// <summary>The config's Entrypoint; null leaves it out.</summary>
    public string[]? Entrypoint { get; init; }

    /// <summary>The config's Cmd; null leaves it out.</summary>
    public string[]? Cmd { get; init; } = ["sh"];

    /// <summary>The config's Env, <c>NAME=value</c> each.</summary>
    public string[]? Env { get; init; } = ["PATH=/bin:/usr/bin:/sbin:/usr/sbin", "IMAGE_SAYS=hello"];

    /// <summary>The config's User, as <c>user</c>, <c>uid</c>, <c>user:group</c>, …; null leaves it out.</summary>
    public string? User { get; init; }

    /// <summary>The config's WorkingDir; null leaves it out.</summary>
    public string? WorkingDir { get; init; }

    /// <summary>The config's StopSignal; null leaves it out.</summary>
    public string? StopSignal { get; init; }

    /// <summary>The config's Labels; null leaves them out.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>More files for the root file system, by absolute path. They go in a second layer.</summary>
    public IReadOnlyDictionary<string, string>? Files { get; init; }

    /// <summary>Whether layers are gzip-compressed, as most images' are.</summary>
    public bool Compressed { get; init; }

    /// <summary>The tar of the bottom layer: the busybox root file system, for imports from a root file system as well.</summary>
    public static byte[] RootFsTar()
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var directory in new[] { "bin", "dev", "etc", "home", "home/app", "proc", "root", "run", "sys", "usr", "usr/bin", "var" })
                Add(tar, new PaxTarEntry(TarEntryType.Directory, directory + "/"), Executable, directory == "home/app" ? 1000 : 0);
            Add(tar, new PaxTarEntry(TarEntryType.Directory, "tmp/"), Everything | UnixFileMode.StickyBit);
            Add(tar, new PaxTarEntry(TarEntryType.RegularFile, "bin/busybox") { DataStream = new MemoryStream(Busybox.Value) }, Executable);
            foreach (var applet in Applets.Value.Where(applet => applet != "busybox"))
                Add(tar, new PaxTarEntry(TarEntryType.SymbolicLink, "bin/" + applet) { LinkName = "busybox" }, Everything);
            AddText(tar, "etc/passwd", "root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1:daemon:/usr/sbin:/bin/false\n"
                + "app:x:1000:1000:an application:/home/app:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
            AddText(tar, "etc/group", "root:x:0:\ndaemon:x:1:\nwheel:x:10:root,app\napp:x:1000:\nextra:x:2000:app\nnogroup:x:65534:\n");
        }
        return stream.ToArray();
    }

    /// <summary>The image as an OCI image layout in a tar archive.</summary>
    public byte[] ToOciLayoutTar()
    {
        List<byte[]> layers = [RootFsTar()];
        if (Files is not null)
            layers.Add(FilesTar(Files));

        var blobs = new Dictionary<string, byte[]>();
        var layerDescriptors = new JsonArray();
        foreach (var layer in layers)
            layerDescriptors.Add(Store(blobs, Compressed ? Gzip(layer) : layer, "application/vnd.oci.image.layer.v1.tar" + (Compressed ? "+gzip" : "")));
        var config = Store(blobs, JsonSerializer.SerializeToUtf8Bytes(Config(layers)), "application/vnd.oci.image.config.v1+json");
        var manifest = Store(blobs, JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = "application/vnd.oci.image.manifest.v1+json",
            ["config"] = config,
            ["layers"] = layerDescriptors,
        }), "application/vnd.oci.image.manifest.v1+json");
        manifest["annotations"] = new JsonObject
        {
            ["io.containerd.image.name"] = Name,
            ["org.opencontainers.image.ref.name"] = Name[(Name.LastIndexOf(':') + 1)..],
        };

        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            AddText(tar, "oci-layout", """{"imageLayoutVersion":"1.0.0"}""");
            foreach (var (digest, blob) in blobs)
                Add(tar, new PaxTarEntry(TarEntryType.RegularFile, "blobs/sha256/" + digest) { DataStream = new MemoryStream(blob) }, ReadableFile);
            AddText(tar, "index.json", new JsonObject { ["schemaVersion"] = 2, ["manifests"] = new JsonArray(manifest) }.ToJsonString());
        }
        return stream.ToArray();
    }

    private JsonObject Config(IEnumerable<byte[]> layers)
    {
        var config = new JsonObject();
        Set(config, "Entrypoint", Entrypoint);
        Set(config, "Cmd", Cmd);
        Set(config, "Env", Env);
        Set(config, "User", User);
        Set(config, "WorkingDir", WorkingDir);
        Set(config, "StopSignal", StopSignal);
        Set(config, "Labels", Labels);
        return new JsonObject
        {
            ["created"] = "2024-01-01T00:00:00Z",
            ["architecture"] = RuntimeInformation.ProcessArchitecture switch { Architecture.X64 => "amd64", Architecture.Arm64 => "arm64", var other => other.ToString().ToLowerInvariant() },
            ["os"] = "linux",
            ["config"] = config,
            ["rootfs"] = new JsonObject
            {
                ["type"] = "layers",
                ["diff_ids"] = new JsonArray([.. layers.Select(layer => JsonValue.Create("sha256:" + Digest(layer)))]),
            },
            ["history"] = new JsonArray([.. layers.Select(_ => new JsonObject { ["created"] = "2024-01-01T00:00:00Z", ["created_by"] = "TestImage" })]),
        };
    }

    private static void Set<T>(JsonObject config, string name, T? value)
    {
        if (value is not null)
            config[name] = JsonSerializer.SerializeToNode(value);
    }

    private static JsonObject Store(Dictionary<string, byte[]> blobs, byte[] blob, string mediaType)
    {
        var digest = Digest(blob);
        blobs[digest] = blob;
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = "sha256:" + digest, ["size"] = blob.Length };
    }

    private static byte[] FilesTar(IReadOnlyDictionary<string, string> files)
    {
        using var stream = new MemoryStream();
        using (var tar = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
            foreach (var (path, content) in files)
                AddText(tar, path.TrimStart('/'), content);
        return stream.ToArray();
    }

    private static void AddText(TarWriter tar, string name, string content) =>
        Add(tar, new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(Encoding.UTF8.GetBytes(content)) }, ReadableFile);

    private static void Add(TarWriter tar, PaxTarEntry entry, UnixFileMode mode, int owner = 0)
    {
        // Fixed times make the same image the same digest.
        entry.ModificationTime = DateTimeOffset.UnixEpoch;
        entry.Mode = mode;
        (entry.Uid, entry.Gid) = (owner, owner);
        tar.WriteEntry(entry);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes);
        return stream.ToArray();
    }

    private static string Digest(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static string BusyboxPath() =>
        new[] { "/usr/bin/busybox", "/bin/busybox" }.FirstOrDefault(File.Exists)
        ?? throw new FileNotFoundException("No busybox to make a test image of. Run tests/Servers/install.sh as root (it installs busybox-static).");

    private static string[] ListApplets()
    {
        using var list = System.Diagnostics.Process.Start(new System.Diagnostics.ProcessStartInfo(BusyboxPath(), ["--list"]) { RedirectStandardOutput = true })!;
        var output = list.StandardOutput.ReadToEnd();
        list.WaitForExit();
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}

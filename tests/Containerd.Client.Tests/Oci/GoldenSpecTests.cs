using System.Text.Json.Nodes;
using Containerd.Client.Oci;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>
/// Our spec against the one that this generation's own ctr makes of the same image and wishes. Every difference is listed
/// by its place, with ctr's value on the left, and is deliberate:
/// <list type="bullet">
/// <item>ociVersion: we write the oldest version that has all we write; each ctr writes its library's.</item>
/// <item>rlimits: 1024:524288 open files instead of 1024:1024, which busy servers cannot live with.</item>
/// <item>maskedPaths: /sys/devices/virtual/powercap is masked on every generation (CVE-2020-8694), by ctr since 1.7.</item>
/// <item>args: a command follows the image's entrypoint, as docker has it; ctr's replaces both.</item>
/// <item>env: an image whose environment has no PATH gets the default one; ctr gives it only to an empty environment.</item>
/// <item>env: no HOSTNAME with the host's network; ctr sets its own machine's, which need not be the daemon's.</item>
/// <item>mounts: a tmpfs has a source; without one /proc/mounts has a hole on which df fails in the container.</item>
/// <item>privileged: no barrier to new privileges, and every capability instead of those of the client's own process.</item>
/// </list>
/// </summary>
public abstract class GoldenSpecTests(ContainerdServer server)
{
    private const string Passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1001:web:/home/web:/bin/sh\n";
    private const string Group = "root:x:0:root\nbin:x:1:root,web\nwheel:x:10:root,web\nweb:x:1001:\n";

    private static readonly DaemonBounds Plenty = new() { OpenFiles = new OpenFilesLimit(1 << 20, 1 << 20) };

    private static readonly TestImage Bare = new() { Name = "example.test/bare:1", Env = null };

    private static readonly TestImage Configured = new()
    {
        Name = "example.test/configured:1",
        Entrypoint = ["/bin/busybox"],
        Cmd = ["echo", "hi"],
        Env = ["PATH=/bin:/sbin", "A=1", "EMPTY="],
        User = "web:wheel",
        WorkingDir = "/tmp",
        Files = new Dictionary<string, string> { ["/etc/passwd"] = Passwd, ["/etc/group"] = Group },
    };

    private IReadOnlyList<string> Always
    {
        get
        {
            string version = server.Generation switch { ServerGeneration.Containerd16 => "1.0.2-dev", ServerGeneration.Containerd17 => "1.2.0", _ => "1.2.1" };
            List<string> differences = [$"ociVersion: \"{version}\" -> \"1.0.2\"", "process.rlimits[0].hard: 1024 -> 524288"];
            if (server.Generation == ServerGeneration.Containerd16)
                differences.Add("linux.maskedPaths: + \"/sys/devices/virtual/powercap\"");
            return differences;
        }
    }

    [Fact]
    public Task Without_wishes_the_specs_are_the_same() => CompareAsync(Bare, [], [], options => options);

    [Fact]
    public Task An_images_config_is_read_the_same() => CompareAsync(Configured, [], [], options => options);

    [Fact]
    public Task Environment_and_working_directory_are_the_same_and_a_command_follows_the_entrypoint() => CompareAsync(
        Configured, ["--env", "B=2", "--env", "EMPTY", "--cwd", "/root"], ["ls", "/"],
        options => options with { Env = ["B=2", "EMPTY"], WorkingDirectory = "/root", Command = ["ls", "/"] },
        // ctr applies --env before the image's config on which it then has no effect: it removes nothing.
        "process.args: + \"/bin/busybox\"", "process.env: - \"EMPTY=\"");

    [Fact]
    public Task A_command_for_an_image_without_entrypoint_is_the_same() => CompareAsync(
        Bare, [], ["echo", "a b", "c"], options => options with { Command = ["echo", "a b", "c"] });

    [Fact]
    public Task An_environment_without_PATH_is_the_one_place_where_an_image_is_helped() => CompareAsync(
        Bare with { Name = "example.test/nopath:1", Env = ["A=1"] }, [], [], options => options,
        $"process.env: + \"{EnvironmentList.DefaultPath}\"");

    [Fact]
    public Task A_terminal_is_the_same() => CompareAsync(Bare, ["--tty"], [], options => options with { Tty = true });

    [Fact]
    public Task A_read_only_root_is_the_same() => CompareAsync(Bare, ["--read-only"], [], options => options with { ReadOnly = true });

    [Fact]
    public Task The_hosts_network_is_the_same() => CompareAsync(Bare, ["--net-host"], [], options => options with
    {
        Network = ContainerNetwork.Host,
        HostNetworkFiles = new Dictionary<string, string> { ["/etc/hosts"] = "/etc/hosts", ["/etc/resolv.conf"] = "/etc/resolv.conf" },
    }, $"process.env: - \"HOSTNAME={Environment.MachineName}\"");

    [Fact]
    public Task Capabilities_are_the_same() => CompareAsync(
        Bare, ["--cap-add", "CAP_SYS_ADMIN", "--cap-drop", "CAP_CHOWN"], [],
        options => options with { CapAdd = ["sys_admin"], CapDrop = ["Chown"] });

    [Fact]
    public Task Mounts_and_annotations_are_the_same()
    {
        string[] mounts = ["type=bind,src=/tmp,dst=/host,options=rbind:ro", "type=tmpfs,dst=/scratch,options=size=65536k"];
        return CompareAsync(
            Bare, ["--mount", mounts[0], "--mount", mounts[1], "--annotation", "foo=bar"], [],
            options => options with
            {
                Mounts = [.. mounts.Select(mount => MountSpec.Parse(mount))],
                Annotations = new Dictionary<string, string> { ["foo"] = "bar" },
            },
            "mounts[8].source: (absent) -> \"tmpfs\"");
    }

    [Fact]
    public Task New_privileges_where_they_are_asked_for_are_the_same() =>
        CompareAsync(Bare, ["--allow-new-privs"], [], options => options with { NoNewPrivileges = false });

    [Fact]
    public Task A_memory_limit_is_the_same() => CompareAsync(
        Bare, ["--memory-limit", "268435456"], [], options => options with { Resources = new() { Memory = 268435456 } });

    [Fact]
    public async Task Limits_on_CPUs_are_the_same()
    {
        // Only `ctr run` takes them.
        var image = await server.ImportTestImageAsync(Bare);
        var id = NewId();
        await server.CtrAsync("run", "--detach", "--null-io", "--cpus", "1.5", "--cpu-shares", "512", image, id, "true");

        await CompareAsync(Bare, id, options => options with { Command = ["true"], Resources = new() { Cpu = 1.5, CpuShares = 512 } });
    }

    [Fact]
    public async Task A_privileged_container_has_more_than_ctrs_and_nothing_less()
    {
        var image = await server.ImportTestImageAsync(Bare);
        var id = NewId();
        await server.CtrAsync("containers", "create", "--privileged", image, id);
        JsonObject theirs = await SpecOfAsync(id);
        LinuxDevice[] devices = [.. theirs["linux"]!["devices"]!.AsArray().Select(device => new LinuxDevice(
            (string)device!["path"]!, ((string)device["type"]!)[0], (long)device["major"]!, (long)device["minor"]!)
        {
            FileMode = (int)device["fileMode"]!,
            Uid = (uint)device["uid"]!,
            Gid = (uint)device["gid"]!,
        })];
        RuntimeSpec ours = await GenerateAsync(Bare, id, options => options with { Privileged = true, Devices = devices });

        string[] theirCapabilities = [.. theirs["process"]!["capabilities"]!["bounding"]!.AsArray().Select(name => (string)name!)];
        Assert.Subset(ours.Process!.Capabilities.ToHashSet(), theirCapabilities.ToHashSet());
        theirs["process"]!["capabilities"] = ours.Process.Json["capabilities"]!.DeepClone();
        Assert.Equal(
            Always.Where(difference => !difference.StartsWith("linux.maskedPaths", StringComparison.Ordinal)).Append("process.noNewPrivileges: true -> (absent)").Order(),
            SpecDifference.Between(theirs, ours.Json).Order());
    }

    private async Task CompareAsync(TestImage image, string[] flags, string[] command, Func<SpecOptions, SpecOptions> wishes, params string[] deliberate)
    {
        var name = await server.ImportTestImageAsync(image);
        var id = NewId();
        await server.CtrAsync(["containers", "create", .. flags, name, id, .. command]);
        await CompareAsync(image, id, wishes, deliberate);
    }

    private async Task CompareAsync(TestImage image, string id, Func<SpecOptions, SpecOptions> wishes, params string[] deliberate)
    {
        JsonObject theirs = await SpecOfAsync(id);
        RuntimeSpec ours = await GenerateAsync(image, id, wishes);

        Assert.Equal(Always.Concat(deliberate).Order(), SpecDifference.Between(theirs, ours.Json).Order());
    }

    private async Task<RuntimeSpec> GenerateAsync(TestImage image, string id, Func<SpecOptions, SpecOptions> wishes)
    {
        var config = new ImageConfig
        {
            Os = "linux",
            Config = new ExecutionConfig
            {
                Entrypoint = image.Entrypoint ?? [],
                Cmd = image.Cmd ?? [],
                Env = image.Env ?? [],
                User = image.User ?? "",
                WorkingDir = image.WorkingDir ?? "",
            },
        };
        var files = image.Files ?? TestImageFiles.Bottom;
        return await SpecGenerator.GenerateAsync(
            wishes(new SpecOptions(server.Namespace, id) { Image = config, Daemon = Plenty }), (path, _) => ValueTask.FromResult(files.GetValueOrDefault(path)), TestContext.Current.CancellationToken);
    }

    private async Task<JsonObject> SpecOfAsync(string id) => JsonNode.Parse(await server.CtrAsync("containers", "info", id))!["Spec"]!.AsObject();

    private static string NewId() => "golden-" + Guid.NewGuid().ToString("N")[..8];

    private static class TestImageFiles
    {
        /// <summary>The user files of the test image's bottom layer, as it really has them.</summary>
        public static IReadOnlyDictionary<string, string> Bottom { get; } = Read();

        private static Dictionary<string, string> Read()
        {
            var files = new Dictionary<string, string>();
            using var tar = new System.Formats.Tar.TarReader(new MemoryStream(TestImage.RootFsTar()));
            while (tar.GetNextEntry() is { } entry)
                if (entry.Name is "etc/passwd" or "etc/group")
                    files["/" + entry.Name] = new StreamReader(entry.DataStream!).ReadToEnd();
            return files;
        }
    }
}

public sealed class GoldenSpecTests16(Server16 server) : GoldenSpecTests(server), IClassFixture<Server16>;

public sealed class GoldenSpecTests17(Server17 server) : GoldenSpecTests(server), IClassFixture<Server17>;

public sealed class GoldenSpecTests2(Server2 server) : GoldenSpecTests(server), IClassFixture<Server2>;

using System.Text;
using System.Text.Json.Nodes;
using Containerd.Client.Oci;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>What the user's wishes do to a generated spec. Against ctr it is compared in <see cref="GoldenSpecTests"/>.</summary>
public sealed class SpecGeneratorTests
{
    private static readonly ImageConfig Image = new()
    {
        Os = "linux",
        Architecture = "amd64",
        Config = new ExecutionConfig { Cmd = ["sh"], Env = ["PATH=/bin"], WorkingDir = "srv" },
    };

    private static readonly SpecOptions Plain = new("ns", "id") { Image = Image };

    [Fact]
    public void The_safer_defaults_are_there()
    {
        RuntimeSpec spec = Generate(Plain);

        Assert.True(spec.Process!.NoNewPrivileges);
        Assert.Null(spec.Process.OpenFiles);
        Assert.Equal(Capability.Default, spec.Process.Capabilities);
        Assert.Equal("/ns/id", spec.CgroupsPath);
        Assert.Equal(["pid", "ipc", "uts", "mount", "network"], spec.Namespaces.Keys);
        Assert.Contains("/sys/devices/virtual/powercap", spec.Json["linux"]!["maskedPaths"]!.AsArray().Select(path => (string?)path));
    }

    [Fact]
    public void Open_files_and_capabilities_stay_within_what_the_daemon_has()
    {
        const string limits = "Limit                     Soft Limit           Hard Limit           Units     \nMax processes             1                    2                    processes \nMax open files            500                  20000                files     \n";
        const string status = "Name:\tcontainerd\nCapInh:\t0000000000000000\nCapPrm:\t000001fffeffffff\nCapEff:\t0000000000000000\n";
        DaemonBounds bounds = DaemonBounds.Parse(limits, status);
        SpecOptions options = Plain with { Daemon = bounds };

        Assert.Equal(new OpenFilesLimit(500, 20000), bounds.OpenFiles);
        Assert.Equal(Capability.All.Where(name => name != "CAP_SYS_RESOURCE"), bounds.Capabilities!);
        Assert.Equal(new OpenFilesLimit(1024, 20000), Generate(options).Process!.OpenFiles);
        Assert.Equal(new OpenFilesLimit(1024, 524288), Generate(Plain with { Daemon = new() { OpenFiles = new(1 << 20, 1 << 20) } }).Process!.OpenFiles);
        Assert.Equal(new OpenFilesLimit(30000, 30000), Generate(options with { OpenFiles = new(30000, 30000) }).Process!.OpenFiles);
        Assert.Equal(bounds.Capabilities!, Generate(options with { Privileged = true }).Process!.Capabilities);
        Assert.Equal(bounds.Capabilities!, Generate(options with { CapAdd = ["ALL"] }).Process!.Capabilities);
        var error = Assert.Throws<InvalidArgumentException>(() => Generate(options with { CapAdd = ["SYS_RESOURCE"] }));
        Assert.Equal("CapAdd", error.Parameter);
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "")]
    [InlineData("Max open files            many  more files", "CapPrm:\tnone")]
    [InlineData("Max open files", "CapPrm:")]
    public void What_proc_does_not_tell_stays_unknown(string? limits, string? status) => Assert.Equal(DaemonBounds.Unknown, DaemonBounds.Parse(limits, status));

    [Fact]
    public void T12_a_terminals_size_is_in_the_spec_because_a_resize_before_the_start_is_ignored()
    {
        RuntimeSpec spec = Generate(Plain with { Tty = true, ConsoleSize = new ConsoleSize(Width: 99, Height: 33) });

        Assert.True(spec.Process!.Terminal);
        Assert.Equal("""{"height":33,"width":99}""", spec.Process.Json["consoleSize"]!.ToJsonString());
        Assert.Contains("TERM=xterm", spec.Process.Env);
        Assert.Null(Generate(Plain with { ConsoleSize = new ConsoleSize(99, 33) }).Process!.ConsoleSize);
    }

    [Fact]
    public void A_privileged_container_is_bound_by_nothing_but_what_the_user_drops()
    {
        RuntimeSpec spec = Generate(Plain with
        {
            Privileged = true,
            CapDrop = ["sys_module"],
            Devices = [new LinuxDevice("/dev/fuse", 'c', 10, 229)],
        });

        Assert.Equal(Capability.All.Where(name => name != "CAP_SYS_MODULE"), spec.Process!.Capabilities);
        Assert.False(spec.Process.NoNewPrivileges);
        JsonObject linux = spec.Json["linux"]!.AsObject();
        Assert.False(linux.ContainsKey("maskedPaths") || linux.ContainsKey("readonlyPaths"));
        Assert.Equal("""[{"allow":true,"access":"rwm"}]""", linux["resources"]!["devices"]!.ToJsonString());
        Assert.Equal("""[{"path":"/dev/fuse","type":"c","major":10,"minor":229,"fileMode":438,"uid":0,"gid":0}]""", linux["devices"]!.ToJsonString());
        Assert.Contains("rw", spec.Mounts.Single(mount => mount.Destination == "/sys").Options);
    }

    [Fact]
    public void A_device_without_privilege_is_made_and_allowed()
    {
        RuntimeSpec spec = Generate(Plain with { Devices = [new LinuxDevice("/dev/fuse", 'c', 10, 229) { Access = "rw" }] });

        Assert.Equal("""{"allow":true,"type":"c","major":10,"minor":229,"access":"rw"}""", spec.Json["linux"]!["resources"]!["devices"]!.AsArray()[^1]!.ToJsonString());
        Assert.Equal("/dev/fuse", (string?)spec.Json["linux"]!["devices"]![0]!["path"]);
    }

    [Fact]
    public void The_hosts_network_brings_the_hosts_name_files_where_they_are()
    {
        var files = new Dictionary<string, string> { ["/etc/resolv.conf"] = "/run/systemd/resolve/resolv.conf", ["/etc/hosts"] = "/etc/hosts" };
        RuntimeSpec spec = Generate(Plain with { Network = ContainerNetwork.Host, HostNetworkFiles = files });
        RuntimeSpec own = Generate(Plain with { Network = ContainerNetwork.Host, HostNetworkFiles = files, Mounts = [MountSpec.Bind("/my/hosts", "/etc/hosts")] });

        Assert.DoesNotContain("network", spec.Namespaces.Keys);
        Assert.Equal(["/etc/hosts", "/etc/resolv.conf"], spec.Mounts.TakeLast(2).Select(mount => mount.Destination));
        Assert.All(spec.Mounts.TakeLast(2), mount => Assert.True(mount.ReadOnly));
        Assert.Equal("/my/hosts", own.Mounts.Single(mount => mount.Destination == "/etc/hosts").Source);
        Assert.DoesNotContain(Generate(Plain with { HostNetworkFiles = files }).Mounts, mount => mount.Destination == "/etc/hosts");
    }

    [Fact]
    public void A_users_mounts_replace_default_ones_and_lie_in_the_order_that_hides_none()
    {
        RuntimeSpec spec = Generate(Plain with { Mounts = [MountSpec.Tmpfs("/data/cache"), MountSpec.Bind("/d", "/data"), MountSpec.Tmpfs("/dev/shm", 1 << 20)] });
        RuntimeSpec dev = Generate(Plain with { Mounts = [MountSpec.Bind("/dev", "/dev")] });

        Assert.Equal(["/proc", "/dev", "/dev/pts", "/dev/mqueue", "/sys", "/run", "/data", "/data/cache", "/dev/shm"], spec.Mounts.Select(mount => mount.Destination));
        Assert.Contains("size=1048576", spec.Mounts[^1].Options);
        Assert.Equal(["/proc", "/sys", "/run", "/dev"], dev.Mounts.Select(mount => mount.Destination));
        Assert.Equal("Mount", Assert.Throws<InvalidArgumentException>(() => Generate(Plain with { Mounts = [MountSpec.Tmpfs("/a"), MountSpec.Tmpfs("/a")] })).Parameter);
    }

    [Theory]
    [InlineData(null, "/srv")]
    [InlineData("/", "/")]
    [InlineData("/some where", "/some where")]
    public void The_working_directory_is_the_users_or_the_images_from_the_root(string? wish, string cwd) =>
        Assert.Equal(cwd, Generate(Plain with { WorkingDirectory = wish }).Process!.Cwd);

    [Fact]
    public void What_cannot_be_granted_names_the_parameter()
    {
        Bad("WorkingDirectory", Plain with { WorkingDirectory = "srv" });
        Bad("WorkingDirectory", Plain with { WorkingDirectory = "" });
        Bad("Hostname", Plain with { Hostname = "a b" });
        Bad("Hostname", Plain with { Hostname = "" });
        Bad("Hostname", Plain with { Hostname = new string('a', 65) });
        Bad("CapAdd", Plain with { CapAdd = ["nope"] });
        Bad("CapDrop", Plain with { CapDrop = ["nope"] });
        Bad("Env", Plain with { Env = ["=x"] });
        Bad("Memory", Plain with { Resources = new() { Memory = 0 } });
        Bad("Platform", Plain with { Os = "plan9" });
        Bad("Command", Plain with { Image = null });

        static void Bad(string parameter, SpecOptions options) =>
            Assert.Equal(parameter, Assert.Throws<InvalidArgumentException>(() => Generate(options)).Parameter);
    }

    [Fact]
    public void Hostname_annotations_limits_and_read_only_root_are_written_where_they_belong()
    {
        RuntimeSpec spec = Generate(Plain with
        {
            Hostname = "web-1.example",
            Annotations = new Dictionary<string, string> { ["k"] = "v" },
            Resources = new() { PidsLimit = 5 },
            ReadOnly = true,
            OpenFiles = new OpenFilesLimit(5, 6),
            NoNewPrivileges = false,
            CgroupsPath = "system.slice:ctr:id",
        });

        Assert.Equal(("web-1.example", true, "system.slice:ctr:id"), (spec.Hostname, spec.RootReadOnly, spec.CgroupsPath));
        Assert.Equal("v", spec.Annotations["k"]);
        Assert.Equal(5, spec.Resources.PidsLimit);
        Assert.Equal(new OpenFilesLimit(5, 6), spec.Process!.OpenFiles);
        Assert.False(spec.Process.NoNewPrivileges);
        Assert.True(spec.Json["linux"]!["resources"]!["devices"]!.AsArray().Count > 1);
    }

    [Fact]
    public async Task The_typed_user_comes_before_the_images_and_each_has_its_own_rule()
    {
        SpecOptions options = Plain with { Image = Image with { Config = Image.Config with { User = "app:10" } } };

        RuntimeSpec typed = await SpecGenerator.GenerateAsync(options with { User = "7:8" }, Read, default);
        RuntimeSpec images = await SpecGenerator.GenerateAsync(options, Read, default);
        RuntimeSpec root = await SpecGenerator.GenerateAsync(options with { User = "" }, Read, default);

        Assert.Equal("""{"uid":7,"gid":8,"additionalGids":[8]}""", typed.Process!.Json["user"]!.ToJsonString());
        Assert.Equal("""{"uid":5,"gid":10,"additionalGids":[10,20]}""", images.Process!.Json["user"]!.ToJsonString());
        Assert.Equal("""{"uid":0,"gid":0,"additionalGids":[0]}""", root.Process!.Json["user"]!.ToJsonString());

        static ValueTask<string?> Read(string path, CancellationToken _) => ValueTask.FromResult<string?>(path == "/etc/passwd" ? "app:x:5:6:::\n" : "extra:x:20:app\n");
    }

    [Fact]
    public async Task A_Windows_image_gets_a_Windows_spec_and_no_file_of_it_is_read()
    {
        var options = new SpecOptions("ns", "id")
        {
            Image = new ImageConfig { Os = "windows", Config = new ExecutionConfig { Cmd = ["cmd", "/c", "a b"], Env = ["Path=C:\\"], User = "ContainerUser" } },
            Env = ["PATH=D:\\"],
            Mounts = [MountSpec.Parse(@"C:\data:C:\inside:ro")],
            Resources = new() { Memory = 1 << 30, Cpu = 2 },
            Hostname = "win",
        };

        RuntimeSpec spec = await SpecGenerator.GenerateAsync(options, (_, _) => throw new InvalidOperationException(), default);

        Assert.Equal("""{"ociVersion":"1.0.2","process":{"user":{"username":"ContainerUser"},"args":["cmd","/c","a b"],"env":["PATH=D:\\"],"cwd":"C:\\"},"root":{},"hostname":"win","mounts":[{"destination":"C:\\inside","source":"C:\\data","options":["ro"]}],"windows":{"ignoreFlushesDuringBoot":true,"resources":{"memory":{"limit":1073741824},"cpu":{"count":2}},"network":{"allowUnqualifiedDNSQuery":true}}}""",
            Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
        Assert.True(spec.IsWindows);
    }

    [Theory]
    [InlineData("", "c:\\a\\\"b\" c", null, "c:\\a\\\"b\" c")]
    [InlineData("\"C:\\my app\" x", "", "two words", "\"C:\\my app\" x \"two words\"")]
    public void A_Windows_command_that_is_escaped_already_stays_as_it_is(string entrypoint, string cmd, string? command, string line)
    {
        var options = new SpecOptions("ns", "id")
        {
            Image = new ImageConfig { Os = "windows", Config = new ExecutionConfig { Entrypoint = entrypoint.Length > 0 ? [entrypoint] : [], Cmd = cmd.Length > 0 ? [cmd] : [], ArgsEscaped = true } },
            Command = command is null ? null : [command],
        };

        ProcessSpec process = Generate(options).Process!;

        Assert.Equal(line, process.CommandLine);
        Assert.Empty(process.Args);
        ProcessSpec own = Generate(options with { Entrypoint = [], Command = ["a b"] }).Process!;
        Assert.Equal((null, "a b"), (own.CommandLine, own.Args[0]));
    }

    [Fact]
    public void What_a_Windows_container_cannot_have_is_refused()
    {
        var windows = new SpecOptions("ns", "id") { Os = "windows", Command = ["cmd"] };

        Bad("Privileged", windows with { Privileged = true });
        Bad("CapAdd", windows with { CapAdd = ["KILL"] });
        Bad("CapDrop", windows with { CapDrop = ["KILL"] });
        Bad("Network", windows with { Network = ContainerNetwork.Host });
        Bad("Mount", windows with { Mounts = [MountSpec.Tmpfs("/t")] });
        Bad("ReadOnly", windows with { ReadOnly = true });
        Bad("OpenFiles", windows with { OpenFiles = OpenFilesLimit.Default });
        Bad("CgroupsPath", windows with { CgroupsPath = "/x" });
        Bad("Devices", windows with { Devices = [new LinuxDevice("/dev/fuse", 'c', 10, 229)] });
        Bad("Cpu", windows with { Resources = new() { Cpu = 1.5 } });
        Bad("Resources", windows with { Resources = new() { PidsLimit = 5 } });

        static void Bad(string parameter, SpecOptions options) =>
            Assert.Equal(parameter, Assert.Throws<InvalidArgumentException>(() => Generate(options)).Parameter);
    }

    private static RuntimeSpec Generate(SpecOptions options) => SpecGenerator.Generate(options, new ProcessUser(0, 0) { AdditionalGids = [0] });
}

using Containerd.Client.Oci;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>What our specs do when a real containerd runs them.</summary>
public abstract class SpecRunTests(ContainerdServer server) : IDisposable
{
    private readonly SpecRun _run = new(server);
    private readonly string _id = SpecRun.NewId();

    [Fact]
    public async Task The_default_container_is_bound_as_it_should_be()
    {
        const string script = "grep -E 'NoNewPrivs|CapEff' /proc/self/status; ulimit -Sn; ulimit -Hn; id -u; pwd; ls /sys/class/net; "
            + "grep -c \"$CGROUP\" /proc/self/cgroup; echo x > /sys/x; cat /proc/timer_list 2>/dev/null | wc -c; grep -c ' /proc/sys proc ro' /proc/mounts";
        var (output, code) = await _run.RunAsync(Shell(script) with { Env = [$"CGROUP=/{server.Namespace}/{_id}"] });

        Assert.Equal(0u, code);
        string[] lines = output.Split('\n');
        Assert.Equal(["CapEff:\t00000000a80425fb", "NoNewPrivs:\t1", "1024", HardLimit(), "0", "/", "lo"], lines[..7]);
        Assert.NotEqual("0", lines[7]);
        Assert.Contains("Read-only file system", lines[8], StringComparison.Ordinal);
        Assert.Equal(["0", "1"], lines[9..]);

        string HardLimit() => _run.Options(_id).Daemon.OpenFiles is { Hard: < 524288 } own ? own.Hard.ToString() : "524288";
    }

    [Fact]
    public async Task Without_knowledge_of_the_daemon_the_defaults_never_fail_the_start()
    {
        var (output, code) = await _run.RunAsync(Shell("ulimit -Hn") with { Daemon = DaemonBounds.Unknown });

        Assert.Equal(0u, code);
        Assert.Equal(_run.Options(_id).Daemon.OpenFiles!.Value.Hard, ulong.Parse(output));
    }

    [Theory]
    [InlineData("app", "uid=1000(app) gid=1000(app) groups=10(wheel),1000(app),2000(extra)")]
    [InlineData("1000", "uid=1000(app) gid=1000(app) groups=10(wheel),1000(app),2000(extra)")]
    [InlineData("app:extra", "uid=1000(app) gid=2000(extra) groups=2000(extra)")]
    [InlineData("4321:8765", "uid=4321 gid=8765 groups=8765")]
    [InlineData("", "uid=0(root) gid=0(root) groups=0(root),10(wheel)")]
    public async Task A_user_has_the_ids_and_groups_of_the_image(string user, string expected)
    {
        var (output, _) = await _run.RunAsync(Shell("id") with { User = user });

        Assert.Equal(expected, Sorted(output));

        // busybox lists groups in the order the kernel has them; which comes first means nothing.
        static string Sorted(string id)
        {
            int groups = id.IndexOf("groups=", StringComparison.Ordinal) + 7;
            return id[..groups] + string.Join(',', id[groups..].Split(',').Distinct().OrderBy(group => int.Parse(group.Split('(')[0])));
        }
    }

    [Fact]
    public async Task T12_a_terminal_has_its_size_from_the_first_instruction()
    {
        var (output, code) = await _run.RunAsync(_run.Options(_id, "sh", "-c", "stty size; echo $TERM; tty") with { Tty = true, ConsoleSize = new ConsoleSize(Width: 99, Height: 33) });

        Assert.Equal(("33 99\nxterm\n/dev/pts/0", 0u), (output, code));
    }

    [Fact]
    public async Task Mounts_are_where_and_as_the_user_wants_them()
    {
        var directory = Directory.CreateDirectory(Path.Combine(server.TempDirectory, SpecRun.NewId())).FullName;
        File.WriteAllText(Path.Combine(directory, "file"), "from the host");

        var (output, code) = await _run.RunAsync(Shell("cat /in/file; echo; echo x > /in/file; echo y > /rw/new; grep -E '/scratch|/dev/shm' /proc/mounts | cut -d' ' -f2,3; df -k /scratch | tail -1 | awk '{print $2}'; echo z > /scratch/deep/f && cat /scratch/deep/f") with
        {
            Mounts = [MountSpec.Parse("type=tmpfs,dst=/scratch/deep"), MountSpec.Parse($"{directory}:/in:ro"), MountSpec.Parse($"type=bind,src={directory},dst=/rw"), MountSpec.Parse("type=tmpfs,dst=/scratch,tmpfs-size=1m")],
        });

        Assert.Equal(0u, code);
        string[] lines = output.Split('\n');
        Assert.Equal("from the host", lines[0]);
        Assert.Contains("Read-only file system", lines[1], StringComparison.Ordinal);
        Assert.Equal(["/dev/shm tmpfs", "/scratch tmpfs", "/scratch/deep tmpfs", "1024", "z"], lines[2..]);
        Assert.Equal("y\n", File.ReadAllText(Path.Combine(directory, "new")));
    }

    [Fact]
    public async Task A_privileged_container_can_mount_and_read_what_is_masked_elsewhere()
    {
        var (output, code) = await _run.RunAsync(Shell("mkdir /tmp/m && mount -t tmpfs t /tmp/m && grep -c /tmp/m /proc/mounts; grep NoNewPrivs /proc/self/status; mknod /tmp/null2 c 1 3 && echo gone > /tmp/null2 && echo made; grep -c ' /sys sysfs rw' /proc/mounts") with { Privileged = true });

        Assert.Equal(0u, code);
        Assert.Equal(["1", "NoNewPrivs:\t0", "made", "1"], output.Split('\n').TakeLast(4));
    }

    [Fact]
    public async Task Capabilities_hostname_read_only_root_and_the_hosts_network_are_as_asked()
    {
        var (output, code) = await _run.RunAsync(Shell("grep CapEff /proc/self/status; hostname; echo x > /x; ls /sys/class/net | wc -l; cat /etc/hosts | wc -c") with
        {
            CapAdd = ["net_admin"],
            CapDrop = ["ALL"],
            Hostname = "web-1",
            ReadOnly = true,
            Network = ContainerNetwork.Host,
            HostNetworkFiles = new Dictionary<string, string> { ["/etc/hosts"] = "/etc/hosts" },
        });

        Assert.Equal(0u, code);
        string[] lines = output.Split('\n');
        Assert.Equal(["CapEff:\t0000000000001000", "web-1"], lines[..2]);
        Assert.Contains("Read-only file system", lines[2], StringComparison.Ordinal);
        Assert.Equal(Directory.GetFileSystemEntries("/sys/class/net").Length, int.Parse(lines[3]));
        Assert.Equal(new FileInfo("/etc/hosts").Length, long.Parse(lines[4]));
    }

    [Fact]
    public async Task Limits_are_set_at_the_start_and_changed_while_it_runs()
    {
        RuntimeSpec spec = await _run.GenerateAsync(_run.Options(_id, "sleep", "600") with { Resources = new() { Memory = 64 << 20, Cpu = 1.5, PidsLimit = 50 } });
        await _run.CreateAsync(_id, spec);
        await _run.StartAsync(_id);
        Assert.Equal(("67108864", "1.5", "50"), Limits());

        await _run.UpdateAsync(_id, new LinuxResources { Memory = 128 << 20, Cpu = 0.5, PidsLimit = 70 });

        Assert.Equal(("134217728", "0.5", "70"), Limits());
        await _run.UpdateAsync(_id, new LinuxResources { Cpu = -1, PidsLimit = -1 });
        Assert.Equal(("134217728", "-1", "max"), Limits());
        await _run.EndAsync(_id);
    }

    [Fact]
    public async Task An_exec_modelled_on_the_containers_process_runs_as_whom_it_is_told()
    {
        RuntimeSpec spec = await _run.GenerateAsync(_run.Options(_id, "sleep", "600") with { Env = ["A=1", "B=2"] });
        await _run.CreateAsync(_id, spec);
        await _run.StartAsync(_id);
        ProcessSpec exec = spec.NewExecProcess();
        exec.Args = ["sh", "-c", "echo $A $B; pwd; id -u; grep CapBnd /proc/self/status"];
        exec.Env = EnvironmentList.Merge(exec.Env, ["A=3", "B"]);
        exec.Cwd = "/tmp";
        exec.User = new ProcessUser(1000, 1000) { AdditionalGids = [1000] };
        exec.Capabilities = Capability.Apply(exec.Capabilities, [], ["ALL"]);

        var (output, code) = await _run.ExecAsync(_id, exec);

        Assert.Equal(("3\n/tmp\n1000\nCapBnd:\t0000000000000000", 0u), (output, code));
        await _run.EndAsync(_id);
    }

    public void Dispose()
    {
        _run.Dispose();
        GC.SuppressFinalize(this);
    }

    private SpecOptions Shell(string script) => _run.Options(_id, "sh", "-c", "exec 2>&1; " + script);

    /// <summary>Memory, CPUs and processes as the kernel has them, in the words of either cgroup version.</summary>
    private (string Memory, string Cpu, string Pids) Limits()
    {
        string path = $"/{server.Namespace}/{_id}/";
        if (File.Exists("/sys/fs/cgroup/cgroup.controllers"))
        {
            string[] max = Value("", "cpu.max").Split(' ');
            return (Value("", "memory.max"), Cpus(max[0] == "max" ? "-1" : max[0], max[1]), Value("", "pids.max"));
        }

        return (Value("memory", "memory.limit_in_bytes"), Cpus(Value("cpu", "cpu.cfs_quota_us"), Value("cpu", "cpu.cfs_period_us")), Value("pids", "pids.max"));

        string Value(string controller, string file) => File.ReadAllText($"/sys/fs/cgroup/{controller}{path}{file}").Trim();

        static string Cpus(string quota, string period) =>
            quota == "-1" ? "-1" : (double.Parse(quota) / double.Parse(period)).ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}

public sealed class SpecRunTests16(Server16 server) : SpecRunTests(server), IClassFixture<Server16>;

public sealed class SpecRunTests17(Server17 server) : SpecRunTests(server), IClassFixture<Server17>;

public sealed class SpecRunTests2(Server2 server) : SpecRunTests(server), IClassFixture<Server2>;

using Containerd.Client.Containers;
using Containerd.Client.Oci;
using Containerd.Client.Tests.Tasks;
using Containerd.Testing;
using Xunit;
using WireTasks = Containerd.Client.Wire.Tasks;

namespace Containerd.Client.Tests.Containers;

/// <summary>Containers made by the client and started with nothing between but the generated calls: what is seen inside is what was asked for.</summary>
public abstract class ContainerCreationTests(ContainerdServer server) : TaskRig(server)
{
    [Fact]
    public async Task Everything_the_image_says_holds_unless_the_user_says_otherwise()
    {
        var image = await Server.ImportTestImageAsync(new TestImage
        {
            Name = "example.test/talker:1",
            Entrypoint = ["sh", "-c", "echo \"$GREETING, $0; $(id -un) in $(pwd)\""],
            Cmd = ["world"],
            Env = ["PATH=/bin", "GREETING=hello"],
            User = "app",
            WorkingDir = "/tmp",
            StopSignal = "SIGUSR1",
            Labels = new Dictionary<string, string> { ["vendor"] = "image", ["line"] = "image" },
        });

        Assert.Equal("hello, world; app in /tmp", await RunAsync(image, new SpecOptions("", "")));
        Assert.Equal("good day, you; root in /etc", await RunAsync(image, new SpecOptions("", "")
        {
            Command = ["you"],
            Env = ["GREETING=good day"],
            User = "root",
            WorkingDirectory = "/etc",
        }));
        Assert.Equal("mine", await RunAsync(image, new SpecOptions("", "") { Entrypoint = ["echo", "mine"] }));

        var container = await Client.Containers.CreateAsync(
            new ContainerOptions(NewId()) { Image = image, Labels = new Dictionary<string, string> { ["line"] = "user" } }, Token);
        Assert.Equal(
            new Dictionary<string, string> { ["vendor"] = "image", ["line"] = "user", ["io.containerd.image.config.stop-signal"] = "SIGUSR1" },
            container.Labels);
        Assert.Equal((image, "io.containerd.runc.v2", "overlayfs", TaskState.None), (container.Image, container.Runtime, container.Snapshotter, container.State));
    }

    [Theory]
    [InlineData("app", "uid=1000(app) gid=1000(app) groups=10(wheel),1000(app),2000(extra)")]
    [InlineData("1000:2000", "uid=1000(app) gid=2000(extra) groups=2000(extra)")]
    [InlineData("4321", "uid=4321 gid=0(root) groups=0(root)")]
    public async Task A_user_has_the_supplementary_groups_of_the_image(string user, string expected) => Assert.Equal(
        expected, await RunAsync(await ImageAsync(), new SpecOptions("", "") { User = user, Command = ["sh", "-c", "id | sed 's/groups=1000(app),10(wheel),/groups=10(wheel),1000(app),/'"] }));

    [Fact]
    public async Task Hostname_mounts_limits_and_a_read_only_root_are_as_asked()
    {
        var id = NewId();
        var shared = Directory.CreateDirectory(Path.Combine(Server.TempDirectory, id)).FullName;
        await File.WriteAllTextAsync(Path.Combine(shared, "from-host"), "host");
        var output = await RunAsync(
            await ImageAsync(),
            new SpecOptions("", "")
            {
                Hostname = "inside.example",
                ReadOnly = true,
                Mounts = [MountSpec.Bind(shared, "/rw"), MountSpec.Bind(shared, "/ro", readOnly: true), MountSpec.Tmpfs("/scratch")],
                Resources = new LinuxResources { Memory = 64 << 20, PidsLimit = 33, Cpu = 0.5 },
                Command =
                [
                    "sh", "-c",
                    "hostname; cat /ro/from-host; echo; echo back > /rw/from-container; touch /ro/x 2>/dev/null || echo ro; touch /x 2>/dev/null || echo root ro; touch /scratch/x && echo tmpfs",
                ],
            },
            id,
            _ => Assert.Equal(
                ["67108864", "33", "50000"],
                new[] { CgroupFile(id, "memory", "memory.limit_in_bytes", "memory.max"), CgroupFile(id, "pids", "pids.max", "pids.max"), CgroupFile(id, "cpu", "cpu.cfs_quota_us", "cpu.max").Split(' ')[0] }));
        Assert.Equal("inside.example\nhost\nro\nroot ro\ntmpfs", output);
        Assert.Equal("back\n", await File.ReadAllTextAsync(Path.Combine(shared, "from-container")));
    }

    [Fact]
    public async Task Capabilities_are_those_asked_for_and_new_privileges_come_only_where_allowed()
    {
        string[] show = ["sh", "-c", "grep -E 'CapEff|NoNewPrivs' /proc/self/status | cut -f2"];
        var image = await ImageAsync();
        Assert.Equal("00000000a80425fb\n1", await RunAsync(image, new SpecOptions("", "") { Command = show }));
        Assert.Equal("0000000000001001\n0", await RunAsync(image, new SpecOptions("", "") { Command = show, CapDrop = ["ALL"], CapAdd = ["net_admin", "CAP_CHOWN"], NoNewPrivileges = false }));
    }

    [Fact]
    public async Task A_privileged_container_has_the_hosts_devices_and_may_mount()
    {
        var output = await RunAsync(await ImageAsync(), new SpecOptions("", "")
        {
            Privileged = true,
            Command = ["sh", "-c", "mkdir -p /tmp/m && mount -t tmpfs none /tmp/m && echo mounted; ls /dev | sort | tr '\\n' ' '"],
        });
        var lines = output.Split('\n');
        Assert.Equal("mounted", lines[0]);
        foreach (var device in Directory.GetFiles("/dev").Select(Path.GetFileName).Where(name => name is "fuse" or "kvm" or "loop-control" or "kmsg"))
            Assert.Contains(device!, lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hosts_network_comes_with_its_names_and_none_with_nothing()
    {
        var image = await ImageAsync();
        string[] show = ["sh", "-c", "readlink /proc/self/ns/net; cat /etc/hosts 2>/dev/null | head -1"];
        Assert.Equal(
            new FileInfo("/proc/self/ns/net").LinkTarget + "\n" + File.ReadLines("/etc/hosts").First(),
            await RunAsync(image, new SpecOptions("", "") { Command = show }, network: ContainerNetwork.Host));
        Assert.NotEqual(new FileInfo("/proc/self/ns/net").LinkTarget, await RunAsync(image, new SpecOptions("", "") { Command = show }));
    }

    [Fact]
    public async Task Options_of_the_runtime_reach_runc()
    {
        var log = Path.Combine(Server.TempDirectory, "runc-calls");
        var wrapper = Path.Combine(Server.TempDirectory, "runc-wrapper");
        await File.WriteAllTextAsync(wrapper, $"#!/bin/sh\necho \"$@\" >> {log}\nexec {Server.BinDirectory}/runc \"$@\"\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(wrapper, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var id = NewId();
        await Client.Containers.CreateAsync(
            new ContainerOptions(id)
            {
                Image = await ImageAsync(),
                Process = new SpecOptions("", "") { Command = ["echo", "wrapped"] },
                RuntimeOptions = new Dictionary<string, object?> { ["BinaryName"] = wrapper },
            },
            Token);
        Assert.Equal("wrapped", await StartAsync(id));
        Assert.Contains($"create --bundle", await File.ReadAllTextAsync(log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_systemd_for_cgroups_the_cgroup_is_a_unit_of_systemd()
    {
        var id = NewId();
        var container = await Client.Containers.CreateAsync(
            new ContainerOptions(id) { Image = await ImageAsync(), RuntimeOptions = new Dictionary<string, object?> { ["SystemdCgroup"] = true } }, Token);
        Assert.Equal($"system.slice:{Server.Namespace}:{id}", RuntimeSpec.Parse(container.Spec!).CgroupsPath);
    }

    [Fact]
    public async Task A_given_spec_is_kept_with_whatever_fields_and_changed_where_asked()
    {
        var id = NewId();
        var template = await Client.Containers.CreateAsync(new ContainerOptions(NewId()) { Image = await ImageAsync() }, Token);
        var spec = RuntimeSpec.Parse(template.Spec!.Replace("{\"ociVersion\"", "{\"x-ours\":{\"big\":12345678901234567890.10,\"list\":[null,true]},\"ociVersion\"", StringComparison.Ordinal));
        var container = await Client.Containers.CreateAsync(
            new ContainerOptions(id)
            {
                Image = await ImageAsync(),
                Spec = spec,
                Network = ContainerNetwork.Host,
                Process = new SpecOptions("", "") { Command = ["sh", "-c", "id -un; hostname; echo $NEW; cat /etc/hosts | wc -l"], User = "app", Hostname = "changed", Env = ["NEW=env"] },
            },
            Token);

        Assert.Contains("\"x-ours\":{\"big\":12345678901234567890.10,\"list\":[null,true]}", container.Spec, StringComparison.Ordinal);
        Assert.Equal(template.Spec, (await Client.Containers.GetAsync(template.Id, Token)).Spec);
        Assert.Equal($"app\nchanged\nenv\n{File.ReadLines("/etc/hosts").Count()}", await StartAsync(id));
    }

    [Fact]
    public async Task A_directory_of_the_host_can_be_the_root_file_system()
    {
        var id = NewId();
        var root = Directory.CreateDirectory(Path.Combine(Server.TempDirectory, "root-" + id)).FullName;
        await System.Formats.Tar.TarFile.ExtractToDirectoryAsync(new MemoryStream(TestImage.RootFsTar()), root, overwriteFiles: true, Token);
        var container = await Client.Containers.CreateAsync(
            new ContainerOptions(id) { RootFs = root, Process = new SpecOptions("", "") { User = "app", Command = ["id", "-Gn"] } }, Token);
        Assert.Equal(("", "", ""), (container.Image, container.Snapshotter, container.SnapshotKey));
        Assert.Equal("app wheel extra", await StartAsync(id));
    }

    [Fact]
    public async Task The_labels_of_the_namespace_choose_runtime_and_snapshotter()
    {
        var name = Server.NewNamespace();
        await Client.Namespaces.CreateAsync(
            name, new Dictionary<string, string> { ["containerd.io/defaults/snapshotter"] = "native", ["containerd.io/defaults/runtime"] = "io.containerd.other.v9" }, Token);
        var image = await Server.ImportTestImageAsync(@namespace: name);
        var client = Client.InNamespace(name);
        var labelled = await client.Containers.CreateAsync(new ContainerOptions("labelled") { Image = image }, Token);
        var named = await client.Containers.CreateAsync(new ContainerOptions("named") { Image = image, Snapshotter = "overlayfs", Runtime = "io.containerd.runc.v2" }, Token);
        Assert.Equal(("io.containerd.other.v9", "native"), (labelled.Runtime, labelled.Snapshotter));
        Assert.Equal(("io.containerd.runc.v2", "overlayfs"), (named.Runtime, named.Snapshotter));
        Assert.True(await client.Snapshots("native").ExistsAsync("labelled", Token));
        await client.Containers.RemoveAsync("labelled", new RemovalOptions(), Token);
        Assert.False(await client.Snapshots("native").ExistsAsync("labelled", Token));
    }

    [Fact]
    public async Task An_image_that_is_not_unpacked_is_unpacked_first()
    {
        var name = Server.NewNamespace();
        var path = Path.Combine(Server.TempDirectory, name + ".tar");
        await File.WriteAllBytesAsync(path, new TestImage().ToOciLayoutTar(), Token);
        await Server.CtrAsync("--namespace", name, "images", "import", "--no-unpack", path);
        var client = Client.InNamespace(name);
        Assert.Equal("by-name", (await client.Containers.CreateAsync(new ContainerOptions("by-name") { Image = new TestImage().Name, Process = new SpecOptions("", "") { User = "app" } }, Token)).Id);
        Assert.True(await client.Snapshots("overlayfs").ExistsAsync("by-name", Token));
    }

    [Fact]
    public async Task An_id_in_use_is_an_error_and_its_container_is_not_touched()
    {
        var id = await RunSleepAsync();
        var before = await Client.Containers.GetAsync(id, Token);
        var error = await Assert.ThrowsAsync<AlreadyExistsException>(async () => await Client.Containers.CreateAsync(new ContainerOptions(id) { Image = await ImageAsync() }, Token));
        Assert.Equal((ResourceKind.Container, id), (error.Kind, error.Id));
        Assert.Contains("exists", error.Message, StringComparison.Ordinal);
        Assert.Equal(before, await Client.Containers.GetAsync(id, Token), (a, b) => (a.State, a.Pid, a.UpdatedAt) == (b.State, b.Pid, b.UpdatedAt));
        Assert.True(await Client.Snapshots("overlayfs").ExistsAsync(id, Token));
    }

    [Fact]
    public async Task A_snapshot_of_that_key_that_was_there_before_stays_and_the_container_is_not_made()
    {
        var id = NewId();
        await using var lease = await Client.Leases.CreateAsync(Token);
        var image = (await Client.Images.ResolveAsync(await ImageAsync(), Token)).Content;
        await lease.Client.Images.PrepareSnapshotAsync(image, "overlayfs", id, Token);

        var error = await Assert.ThrowsAsync<AlreadyExistsException>(async () => await Client.Containers.CreateAsync(new ContainerOptions(id) { Image = await ImageAsync() }, Token));

        Assert.Equal(ResourceKind.Snapshot, error.Kind);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.GetAsync(id, Token));
        Assert.True(await Client.Snapshots("overlayfs").ExistsAsync(id, Token));
    }

    [Fact]
    public async Task What_cannot_be_made_is_an_error_that_names_what_is_wrong_and_leaves_nothing()
    {
        var image = await ImageAsync();
        async Task<string> Fails(ContainerOptions options)
        {
            var error = await Assert.ThrowsAnyAsync<ContainerdException>(() => Client.Containers.CreateAsync(options, Token));
            if (options.Id.Length > 0)
                await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.GetAsync(options.Id, Token));
            return error is InvalidArgumentException { Parameter: var parameter } ? parameter : error.ErrorId;
        }

        ContainerOptions Options(SpecOptions? process = null) => new(NewId()) { Image = image, Process = process ?? new SpecOptions("", "") };
        Assert.Equal("Id", await Fails(new ContainerOptions("") { Image = image }));
        Assert.Equal("NoSuchImage", await Fails(Options() with { Image = "example.test/nobody:1" }));
        Assert.Equal("User", await Fails(Options(new SpecOptions("", "") { User = "nobody7" })));
        Assert.Equal("CapAdd", await Fails(Options(new SpecOptions("", "") { CapAdd = ["FLY"] })));
        Assert.Equal("Memory", await Fails(Options(new SpecOptions("", "") { Resources = new LinuxResources { Memory = -5 } })));
        Assert.Equal("Label", await Fails(Options() with { Labels = new Dictionary<string, string> { ["empty"] = "" } }));
        Assert.Equal("RuntimeOptions", await Fails(Options() with { RuntimeOptions = new Dictionary<string, object?> { ["Nope"] = 1 } }));
        Assert.Equal("RootFs", await Fails(Options() with { RootFs = "/tmp" }));
        Assert.Equal("RootFs", await Fails(new ContainerOptions(NewId()) { RootFs = "relative" }));
        Assert.Equal("Spec", await Fails(new ContainerOptions(NewId()) { Spec = RuntimeSpec.Parse("{}") }));
        Assert.Equal("Command", await Fails(new ContainerOptions(NewId()) { RootFs = "/tmp" }));
        await Fails(Options() with { Snapshotter = "nosuch" });
    }

    [Fact]
    public async Task T20_the_garbage_collection_takes_nothing_of_a_container_that_is_being_made()
    {
        var image = await ImageAsync();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var collecting = Task.Run(
            async () =>
            {
                var collections = 0;
                for (; !enough.IsCancellationRequested; collections++)
                    await (await Client.Leases.CreateAsync(Token)).AbandonAsync(Token);
                return collections;
            },
            Token);

        var ids = Enumerable.Range(0, 40).Select(_ => NewId()).ToArray();
        await Parallel.ForEachAsync(ids, Token, async (id, token) => await Client.Containers.CreateAsync(new ContainerOptions(id) { Image = image }, token));
        await enough.CancelAsync();
        Assert.NotEqual(0, await collecting);
        await (await Client.Leases.CreateAsync(Token)).AbandonAsync(Token);

        foreach (var id in ids)
            Assert.NotEmpty(await Client.Snapshots("overlayfs").MountsAsync(id, Token));
        Assert.Equal("", await Server.CtrAsync("leases", "list", "--quiet"));
    }

    [Fact]
    public async Task Cancelled_at_whatever_moment_it_leaves_either_the_whole_container_or_nothing()
    {
        // Unpacked or not, looked up or not: all that a creation does is in the time that is cut here.
        var made = 0;
        for (var i = 0; i < 60; i++)
        {
            var fresh = await ConnectAsync();
            var id = NewId();
            using var cancel = new CancellationTokenSource();
            var creating = fresh.Containers.CreateAsync(
                new ContainerOptions(id) { Image = await ImageAsync(), Process = new SpecOptions("", "") { User = "app" } }, cancel.Token);
            cancel.CancelAfter(TimeSpan.FromMilliseconds(i));
            try
            {
                await creating;
                made++;
                Assert.True(await Client.Snapshots("overlayfs").ExistsAsync(id, Token));
                await Client.Containers.RemoveAsync(id, new RemovalOptions(), Token);
            }
            catch (OperationCanceledException)
            {
                await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.GetAsync(id, Token));
                Assert.False(await Client.Snapshots("overlayfs").ExistsAsync(id, Token));
            }

            fresh.Dispose();
        }

        Assert.InRange(made, 0, 59);
        await UntilAsync(async () => !(await Server.CtrAsync("snapshots", "list")).Contains("view-", StringComparison.Ordinal), "the views are gone");
        Assert.Equal("", await Server.CtrAsync("leases", "list", "--quiet"));
    }

    /// <summary>Makes a container, starts it with ctr, and removes it.</summary>
    /// <returns>What it wrote.</returns>
    private async Task<string> RunAsync(
        string image, SpecOptions process, string? id = null, Action<Container>? whileItIsThere = null, ContainerNetwork? network = null)
    {
        id ??= NewId();
        if (whileItIsThere is not null)
            process = process with { Command = ["sh", "-c", "until [ -e /rw/go ]; do sleep 0.02; done; " + process.Command![2]] };
        var container = await Client.Containers.CreateAsync(new ContainerOptions(id) { Image = image, Process = process, Network = network }, Token);
        var running = StartAsync(id);
        if (whileItIsThere is not null)
        {
            await UntilAsync(async () => (await Client.Containers.GetAsync(id, Token)).State == TaskState.Running, "it runs");
            whileItIsThere(container);
            await File.WriteAllTextAsync(Path.Combine(process.Mounts[0].Source!, "go"), "", Token);
        }

        var output = await running;
        await Client.Containers.RemoveAsync(id, new RemovalOptions(), Token);
        return output;
    }

    /// <summary>Starts a container, its output going to a file, which is whole once the task is deleted.</summary>
    /// <returns>What it wrote.</returns>
    private async Task<string> StartAsync(string id)
    {
        var output = Path.Combine(Server.TempDirectory, id + ".out");
        await File.WriteAllTextAsync(output, "", Token);
        var record = await Client.Containers.Records.GetAsync(id, Token);
        var request = new WireTasks.CreateTaskRequest { ContainerId = id, Stdout = output, Stderr = output };
        if (record.SnapshotKey.Length > 0)
            request.Rootfs.AddRange((await Client.Snapshots(record.Snapshotter).MountsAsync(id, Token)).Select(mount => mount.ToWire()));
        var tasks = new WireTasks.Tasks.TasksClient(Client.Scope.Invoker);
        await tasks.CreateAsync(request, Client.Scope.Options(Token));
        await tasks.StartAsync(new WireTasks.StartRequest { ContainerId = id }, Client.Scope.Options(Token));
        await tasks.WaitAsync(new WireTasks.WaitRequest { ContainerId = id }, Client.Scope.Options(Token));
        await tasks.DeleteAsync(new WireTasks.DeleteTaskRequest { ContainerId = id }, Client.Scope.Options(Token));
        return (await File.ReadAllTextAsync(output, Token)).TrimEnd('\n');
    }

    /// <summary>A file of the container's cgroup on the host, of version 1 or 2.</summary>
    private string CgroupFile(string id, string controller, string version1, string version2)
    {
        var path = $"/sys/fs/cgroup/{controller}/{Server.Namespace}/{id}/{version1}";
        return File.ReadAllText(File.Exists(path) ? path : $"/sys/fs/cgroup/{Server.Namespace}/{id}/{version2}").Trim();
    }
}

public sealed class ContainerCreationTests16(Server16 server) : ContainerCreationTests(server), IClassFixture<Server16>;

public sealed class ContainerCreationTests17(Server17 server) : ContainerCreationTests(server), IClassFixture<Server17>;

public sealed class ContainerCreationTests2(Server2 server) : ContainerCreationTests(server), IClassFixture<Server2>;

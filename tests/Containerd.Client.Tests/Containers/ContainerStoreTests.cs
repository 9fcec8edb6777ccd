using System.Diagnostics;
using Containerd.Client.Connection;
using Containerd.Client.Tests.Tasks;
using Containerd.Client.Wire;
using Containerd.Testing;
using Xunit;
using WireContainers = Containerd.Client.Wire.Containers;

namespace Containerd.Client.Tests.Containers;

public abstract class ContainerStoreTests(ContainerdServer server) : TaskRig(server)
{
    [Fact]
    public async Task Containers_of_another_client_are_shown_with_state_process_and_command()
    {
        var ran = await RunAsync("sh", "-c", "exit 3");
        var runs = await RunSleepAsync();
        var never = await NewContainerAsync(["--label", "tier=front"], ["true"]);
        await UntilAsync(async () => (await Client.Containers.GetAsync(ran, Token)).State == TaskState.Stopped, "the process has ended");

        var all = (await Client.Containers.ListAsync([], Token)).ToDictionary(container => container.Id);

        Assert.Equal((TaskState.Stopped, null, 3), (all[ran].State, all[ran].Pid, all[ran].ExitCode));
        Assert.InRange(all[ran].ExitedAt!.Value, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal((TaskState.Running, null, null), (all[runs].State, all[runs].ExitCode, all[runs].ExitedAt));
        Assert.Equal("sleep\0600\0", await File.ReadAllTextAsync($"/proc/{all[runs].Pid}/cmdline"));
        Assert.Equal((TaskState.None, null, null), (all[never].State, all[never].Pid, all[never].ExitCode));
        Assert.Equal(["true"], all[never].Command);
        Assert.Equal("front", all[never].Labels["tier"]);
        Assert.Equal(("example.test/busybox:latest", "io.containerd.runc.v2", "overlayfs", never), (all[never].Image, all[never].Runtime, all[never].Snapshotter, all[never].SnapshotKey));
        Assert.Equal((Server.Namespace, Client.Session), (all[never].Namespace, all[never].Session));
        Assert.InRange(all[never].CreatedAt, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddSeconds(1));
        Assert.Equal(TimeSpan.Zero, all[never].CreatedAt.Offset);
        Assert.Equal(all[runs], await Client.Containers.GetAsync(runs, Token), (a, b) => (a.Id, a.State, a.Pid, a.Spec) == (b.Id, b.State, b.Pid, b.Spec));
    }

    [Fact]
    public async Task What_is_not_there_is_named()
    {
        foreach (var id in new[] { "nobody", "a--b", "" })
        {
            var error = await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.GetAsync(id, Token));
            Assert.Equal((ResourceKind.Container, id, "NoSuchContainer"), (error.Kind, error.Id, error.ErrorId));
        }
    }

    [Fact]
    public async Task The_server_filters_by_ids_and_by_labels_with_any_signs_in_them()
    {
        var key = "example.com/a b\"c";
        var one = await NewContainerAsync("true");
        var other = await NewContainerAsync("true");
        await Client.Containers.SetLabelsAsync(one, new Dictionary<string, string?> { [key] = "x,y==\"z\"\\" }, Token);

        async Task<string[]> Ids(params string[] filters) => [.. (await Client.Containers.ListAsync(filters, Token)).Select(container => container.Id)];

        Assert.Equal([one], await Ids(FilterSyntax.Equal(FilterSyntax.Label(key), "x,y==\"z\"\\")));
        Assert.Equal([one], await Ids(FilterSyntax.Label(key)));
        Assert.Empty(await Ids(FilterSyntax.Equal(FilterSyntax.Label(key), "x")));
        Assert.Equal(new[] { one, other }.Order(), (await Ids(FilterSyntax.Equal("id", one), FilterSyntax.Equal("id", other))).Order());
    }

    [Fact]
    public async Task T21_a_label_is_set_and_removed_and_all_others_stay()
    {
        var id = await NewContainerAsync(["--label", "first=1", "--label", "second=2"], ["true"]);
        var before = await Client.Containers.GetAsync(id, Token);

        var after = await Client.Containers.SetLabelsAsync(
            id, new Dictionary<string, string?> { ["first"] = null, ["a.b/c d"] = "new", ["second"] = "zwei", ["nothing"] = "" }, Token);

        var expected = new Dictionary<string, string>(before.Labels) { ["second"] = "zwei", ["a.b/c d"] = "new" };
        expected.Remove("first");
        Assert.Equal(expected, after.Labels);
        Assert.Equal((before.Spec, before.SnapshotKey, before.Image), (after.Spec, after.SnapshotKey, after.Image));
        Assert.True(after.UpdatedAt > before.UpdatedAt);
        Assert.Contains("a.b/c d", await Server.CtrAsync("containers", "info", id), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Labels_are_set_by_many_at_once_and_none_is_lost()
    {
        var id = await NewContainerAsync("true");
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
            Client.Containers.SetLabelsAsync(id, new Dictionary<string, string?> { [$"n{i}"] = "x" }, Token)));
        Assert.Equal(40, (await Client.Containers.GetAsync(id, Token)).Labels.Keys.Count(key => key.StartsWith('n')));
    }

    [Fact]
    public async Task A_label_that_is_too_long_or_a_container_that_is_not_there_is_an_error()
    {
        var id = await NewContainerAsync("true");
        var tooLong = await Assert.ThrowsAsync<InvalidArgumentException>(() =>
            Client.Containers.SetLabelsAsync(id, new Dictionary<string, string?> { ["key"] = new string('x', 4096) }, Token));
        Assert.Contains("4096", tooLong.Message, StringComparison.Ordinal);
        await Client.Containers.SetLabelsAsync(id, new Dictionary<string, string?> { ["key"] = new string('x', 4093) }, Token);
        await Assert.ThrowsAsync<NotFoundException>(() => Client.Containers.SetLabelsAsync("nobody", new Dictionary<string, string?> { ["a"] = "b" }, Token));
    }

    [Fact]
    public async Task A_list_larger_than_a_message_may_be_comes_all_the_same()
    {
        var big = new string('x', 4 << 20);
        var client = (await ConnectAsync()).InNamespace(Server.NewNamespace());
        for (var i = 0; i < 5; i++)
        {
            await client.Containers.Records.CreateAsync(
                new WireContainers.Container
                {
                    Id = $"big{i}",
                    Runtime = new WireContainers.Container.Types.Runtime { Name = "io.containerd.runc.v2" },
                    Spec = AnyMessage.PackJson(TypeUrls.Spec, System.Text.Encoding.UTF8.GetBytes("{\"x\":\"" + big + "\",\"process\":{\"args\":[\"" + i + "\"]}}")),
                },
                Token);
        }

        var all = await client.Containers.ListAsync([], Token);
        Assert.Equal(["0", "1", "2", "3", "4"], all.SelectMany(container => container.Command));
    }

    [Fact]
    public async Task T19_hung_shims_do_not_keep_the_list_from_coming()
    {
        var hung = new List<string>();
        var shims = new List<int>();
        try
        {
            for (var i = 0; i < 4; i++)
            {
                hung.Add(await RunSleepAsync());
                shims.Add(ShimOf((int)(await Client.Containers.GetAsync(hung[i], Token)).Pid!));
            }

            var healthy = await RunSleepAsync();
            foreach (var shim in shims)
                Signal(shim, "STOP");
            await UntilAsync(() => shims.All(HasStopped), "the shims stand still");

            var clock = Stopwatch.StartNew();
            var all = (await Client.Containers.ListAsync([], Token)).ToDictionary(container => container.Id);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(12));
            Assert.All(hung, id => Assert.Equal(TaskState.Unknown, all[id].State));
            Assert.Equal(TaskState.Running, all[healthy].State);

            clock.Restart();
            Assert.Equal(TaskState.Unknown, (await Client.Containers.GetAsync(hung[0], Token)).State);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        }
        finally
        {
            foreach (var shim in shims)
                Signal(shim, "CONT");
        }
    }

    private static int ShimOf(int pid) =>
        int.Parse(File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Whether every thread of a process is stopped: proc(5), the state behind the name in parentheses.</summary>
    private static bool HasStopped(int pid) =>
        Directory.GetDirectories($"/proc/{pid}/task").All(thread => File.ReadAllText(thread + "/stat").Split(") ")[^1].StartsWith('T'));

    private static void Signal(int pid, string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, pid.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}

public sealed class ContainerStoreTests16(Server16 server) : ContainerStoreTests(server), IClassFixture<Server16>;

public sealed class ContainerStoreTests17(Server17 server) : ContainerStoreTests(server), IClassFixture<Server17>;

public sealed class ContainerStoreTests2(Server2 server) : ContainerStoreTests(server), IClassFixture<Server2>;

using Containerd.Client.Tasks;
using Containerd.Client.Wire;
using Containerd.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using Runc = Containerd.Client.Wire.Runc;
using Runhcs = Containerd.Client.Wire.Runhcs;
using WireProcessInfo = Containerd.Client.Wire.Types.ProcessInfo;

namespace Containerd.Client.Tests.Tasks;

public sealed class ProcessListTests
{
    private static readonly DateTimeOffset s_created = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Windows_tells_name_times_and_memory()
    {
        var process = ToModel(new Runhcs.ProcessDetails
        {
            ImageName = "pwsh.exe",
            CreatedAt = Timestamp.FromDateTimeOffset(s_created),
            KernelTime100Ns = 10_000_000,
            UserTime100Ns = 20_000_000,
            MemoryCommitBytes = 1,
            MemoryWorkingSetPrivateBytes = 4096,
            MemoryWorkingSetSharedBytes = 3,
            ProcessId = 42,
            ExecId = "e1",
        });

        Assert.Equal(("c", 42, "e1", "pwsh.exe", s_created), (process.ContainerId, process.Pid, process.ExecId, process.Name, process.StartedAt));
        Assert.Equal((TimeSpan.FromSeconds(3), 4096L), (process.CpuTime, process.Memory));
    }

    [Fact]
    public void T24_runc_tells_the_exec_id_with_and_without_a_prefix_and_others_tell_nothing()
    {
        Assert.Equal("e1", ToModel(new Runc.ProcessDetails { ExecId = "e1" }).ExecId);
        Assert.Equal("e1", ToModel(new Runc.ProcessDetails { ExecId = "e1" }, "type.googleapis.com/").ExecId);
        Assert.Null(ToModel(new Runc.ProcessDetails()).ExecId);
        Assert.Null(ProcessList.ToModel(new Session(1, "s", "unix:///x", "n", true), "n", "c", new WireProcessInfo { Pid = 42 }).ExecId);
    }

    private static ContainerProcess ToModel(IMessage details, string prefix = "")
    {
        var info = AnyMessage.Pack(details);
        info.TypeUrl = prefix + info.TypeUrl;
        return ProcessList.ToModel(new Session(1, "s", "unix:///x", "n", true), "n", "c", new WireProcessInfo { Pid = 42, Info = info });
    }
}

public abstract class ProcessInfoTests(ContainerdServer server) : TaskRig(server)
{
    [Fact]
    public async Task What_the_server_tells_of_processes_is_known_to_the_last_field()
    {
        var id = await RunSleepAsync();
        await Server.CtrAsync("tasks", "exec", "--detach", "--exec-id", "e1", id, "sleep", "600");
        var service = new Containerd.Client.Wire.Tasks.Tasks.TasksClient(Client.Scope.Invoker);
        var reply = await Client.Scope.CallAsync(
            new Connection.Attempt("list", ResourceKind.Task, id), o => service.ListPidsAsync(new() { ContainerId = id }, o), Token);

        Assert.Equal(2, reply.Processes.Count);
        var init = Assert.Single(reply.Processes, p => p.Info is null);
        var exec = Assert.Single(reply.Processes, p => p.Info is not null);
        Assert.Equal((uint)(await Client.Tasks.GetAsync(id, Token)).Pid, init.Pid);
        Assert.Equal("containerd.runc.v1.ProcessDetails", exec.Info.TypeUrl);
        var details = Runc.ProcessDetails.Parser.WithDiscardUnknownFields(true).ParseFrom(exec.Info.Value);
        Assert.Equal(("e1", exec.Info.Value.Length), (details.ExecId, details.CalculateSize()));
    }
}

public sealed class ProcessInfoTests16(Server16 server) : ProcessInfoTests(server), IClassFixture<Server16>;

public sealed class ProcessInfoTests17(Server17 server) : ProcessInfoTests(server), IClassFixture<Server17>;

public sealed class ProcessInfoTests2(Server2 server) : ProcessInfoTests(server), IClassFixture<Server2>;

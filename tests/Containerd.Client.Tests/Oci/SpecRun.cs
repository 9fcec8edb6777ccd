using System.Formats.Tar;
using System.Text;
using Containerd.Client.Connection;
using Containerd.Client.Oci;
using Containerd.Client.Wire;
using Containerd.Testing;
using WireContainers = Containerd.Client.Wire.Containers;
using WireTasks = Containerd.Client.Wire.Tasks;
using WireTypes = Containerd.Client.Wire.Types;

namespace Containerd.Client.Tests.Oci;

/// <summary>
/// Runs a spec on a real server with nothing between but the generated client, on a directory as root file system and with
/// files as output: what is seen is what the spec does.
/// </summary>
internal sealed class SpecRun : IDisposable
{
    private readonly ContainerdServer _server;
    private readonly ContainerdChannel _channel;
    private readonly CallScope _scope;
    private readonly string _root;

    public SpecRun(ContainerdServer server)
    {
        _server = server;
        _channel = new ContainerdChannel(new ConnectionOptions { Address = ServerAddress.Parse(server.Address) });
        _scope = new CallScope(_channel, server.Namespace);
        _root = Directory.CreateDirectory(Path.Combine(server.TempDirectory, "root-" + NewId())).FullName;
        TarFile.ExtractToDirectory(new MemoryStream(TestImage.RootFsTar()), _root, overwriteFiles: false);
    }

    private WireTasks.Tasks.TasksClient Tasks => new(_scope.Invoker);

    public static string NewId() => "spec-" + Guid.NewGuid().ToString("N")[..8];

    /// <summary>The options for a container of this server, with the user files of its root file system behind them.</summary>
    public SpecOptions Options(string id, params string[] command) => new(_server.Namespace, id)
    {
        Image = new ImageConfig { Os = "linux", Config = new ExecutionConfig { Env = ["PATH=/bin"] } },
        Command = command,
        Daemon = DaemonBounds.Parse(File.ReadAllText($"/proc/{_server.DaemonId}/limits"), File.ReadAllText($"/proc/{_server.DaemonId}/status")),
    };

    public async Task<RuntimeSpec> GenerateAsync(SpecOptions options) => await SpecGenerator.GenerateAsync(
        options, async (path, token) => await File.ReadAllTextAsync(_root + path, token), CancellationToken.None);

    /// <summary>Runs to the end. Returns what was written to both outputs, and the exit code.</summary>
    public async Task<(string Output, uint ExitCode)> RunAsync(SpecOptions options)
    {
        RuntimeSpec spec = await GenerateAsync(options);
        var output = await CreateAsync(options.Id, spec);
        await Tasks.StartAsync(new WireTasks.StartRequest { ContainerId = options.Id }, Call());
        var exit = await Tasks.WaitAsync(new WireTasks.WaitRequest { ContainerId = options.Id }, Call());
        await DeleteAsync(options.Id);
        return (Read(output), exit.ExitStatus);
    }

    /// <summary>Makes the container and its task, not started. Returns the file its output goes to.</summary>
    public async Task<string> CreateAsync(string id, RuntimeSpec spec)
    {
        var output = Path.Combine(_server.TempDirectory, id + ".out");
        await File.WriteAllTextAsync(output, "");
        await new WireContainers.Containers.ContainersClient(_scope.Invoker).CreateAsync(new WireContainers.CreateContainerRequest
        {
            Container = new WireContainers.Container
            {
                Id = id,
                Runtime = new WireContainers.Container.Types.Runtime { Name = "io.containerd.runc.v2" },
                Spec = AnyMessage.PackJson(TypeUrls.Spec, spec.ToUtf8Bytes()),
            },
        }, Call());
        bool terminal = spec.Process!.Terminal;
        await Tasks.CreateAsync(new WireTasks.CreateTaskRequest
        {
            ContainerId = id,
            Rootfs = { new WireTypes.Mount { Type = "bind", Source = _root, Options = { "rbind", "rw" } } },
            Stdout = output,
            Stderr = terminal ? "" : output,
            Terminal = terminal,
        }, Call());
        return output;
    }

    public async Task StartAsync(string id) => await Tasks.StartAsync(new WireTasks.StartRequest { ContainerId = id }, Call());

    public async Task UpdateAsync(string id, LinuxResources limits) => await Tasks.UpdateAsync(new WireTasks.UpdateTaskRequest
    {
        ContainerId = id,
        Resources = AnyMessage.PackJson(TypeUrls.LinuxResources, limits.ToUtf8Bytes()),
    }, Call());

    /// <summary>Runs another process to the end. Returns what it wrote, and its exit code.</summary>
    public async Task<(string Output, uint ExitCode)> ExecAsync(string id, ProcessSpec process)
    {
        var execId = NewId();
        var output = Path.Combine(_server.TempDirectory, execId + ".out");
        await File.WriteAllTextAsync(output, "");
        await Tasks.ExecAsync(new WireTasks.ExecProcessRequest
        {
            ContainerId = id,
            ExecId = execId,
            Stdout = output,
            Stderr = output,
            Spec = AnyMessage.PackJson(TypeUrls.Process, process.ToUtf8Bytes()),
        }, Call());
        await Tasks.StartAsync(new WireTasks.StartRequest { ContainerId = id, ExecId = execId }, Call());
        var exit = await Tasks.WaitAsync(new WireTasks.WaitRequest { ContainerId = id, ExecId = execId }, Call());
        await Tasks.DeleteProcessAsync(new WireTasks.DeleteProcessRequest { ContainerId = id, ExecId = execId }, Call());
        return (Read(output), exit.ExitStatus);
    }

    public async Task EndAsync(string id)
    {
        await Tasks.KillAsync(new WireTasks.KillRequest { ContainerId = id, Signal = Signal.Kill, All = true }, Call());
        await Tasks.WaitAsync(new WireTasks.WaitRequest { ContainerId = id }, Call());
        await DeleteAsync(id);
    }

    public void Dispose() => _channel.Dispose();

    private async Task DeleteAsync(string id)
    {
        await Tasks.DeleteAsync(new WireTasks.DeleteTaskRequest { ContainerId = id }, Call());
        await new WireContainers.Containers.ContainersClient(_scope.Invoker).DeleteAsync(new WireContainers.DeleteContainerRequest { Id = id }, Call());
    }

    private Grpc.Core.CallOptions Call() => _scope.Options(CancellationToken.None);

    private static string Read(string file) => File.ReadAllText(file, Encoding.UTF8).ReplaceLineEndings("\n").TrimEnd();
}

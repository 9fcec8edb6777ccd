using System.Diagnostics;
using Containerd.Client.Connection;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Tasks;

/// <summary>A client of a private server, and containers made with <c>ctr</c> to work on.</summary>
public abstract class TaskRig(ContainerdServer server) : IAsyncLifetime
{
    private static int s_lastId;

    private string? _image;

    protected ContainerdServer Server => server;

    protected ContainerdClient Client { get; private set; } = null!;

    /// <summary>Ends with the test; no step of a test may take longer than this.</summary>
    protected CancellationToken Token { get; } = new CancellationTokenSource(TimeSpan.FromMinutes(2)).Token;

    public async ValueTask InitializeAsync() => Client = await ConnectAsync();

    public ValueTask DisposeAsync()
    {
        Client.Dispose();
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    protected Task<ContainerdClient> ConnectAsync() => ContainerdClient.ConnectAsync(
        new ConnectionOptions { Address = ServerAddress.Parse(server.Address), ConnectTimeout = TimeSpan.FromSeconds(30) }, server.Namespace, null, Token);

    protected static string NewId(string name = "c") => $"{name}-{Interlocked.Increment(ref s_lastId)}";

    /// <summary>A container that was never started.</summary>
    protected async Task<string> NewContainerAsync(params string[] command) => await NewContainerAsync([], command);

    protected async Task<string> NewContainerAsync(string[] options, string[] command)
    {
        var id = NewId();
        await server.CtrAsync(["containers", "create", .. options, "--", await ImageAsync(), id, .. command]);
        return id;
    }

    /// <summary>A container that runs, its output thrown away.</summary>
    protected async Task<string> RunAsync(params string[] command)
    {
        while (true)
        {
            var id = NewId();
            try
            {
                await server.CtrAsync(["run", "--detach", "--null-io", await ImageAsync(), id, .. command]);
                return id;
            }
            catch (InvalidOperationException e) when (e.Message.Contains("read init-p: connection reset by peer", StringComparison.Ordinal))
            {
                // runc's own first process was not quick enough on a busy machine, before anything of ours: another one is made.
                await server.CtrAsync("containers", "delete", id);
            }
        }
    }

    /// <summary>A container that only waits to be used.</summary>
    protected Task<string> RunSleepAsync() => RunAsync("sleep", "600");

    protected static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        for (var until = DateTime.UtcNow.AddSeconds(30); !await condition(); await Task.Delay(20))
            Assert.True(DateTime.UtcNow < until, $"waited 30 s until {what}");
    }

    protected static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>The shim of a container, which carries namespace and id among its arguments.</summary>
    protected Process ShimOf(string id)
    {
        foreach (var directory in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            string command;
            try
            {
                command = File.ReadAllText(directory + "/cmdline");
            }
            catch (IOException)
            {
                continue;
            }

            if (command.Contains("containerd-shim", StringComparison.Ordinal) && command.Split('\0') is var words
                && words.Contains(server.Namespace) && words.Contains(id))
            {
                return Process.GetProcessById(int.Parse(Path.GetFileName(directory), System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        throw new InvalidOperationException($"No shim of {id}.");
    }

    protected string NewFile(string name, string content)
    {
        var path = Path.Combine(server.Directory, NewId(name));
        File.WriteAllText(path, content);
        return path;
    }

    protected async Task<string> ImageAsync() => _image ??= await server.ImportTestImageAsync();
}

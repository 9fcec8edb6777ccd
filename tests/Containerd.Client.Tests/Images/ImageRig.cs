using Containerd.Client.Connection;
using Containerd.Client.Content;
using Containerd.Testing;
using Xunit;

namespace Containerd.Client.Tests.Images;

/// <summary>A client of a private server for tests of images and content, and a look at everything an import could leave behind.</summary>
public abstract class ImageRig(ContainerdServer server) : IAsyncLifetime
{
    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected ContainerdServer Server => server;

    protected ContainerdClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Client = await ConnectAsync(server.NewNamespace());

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        Client.Dispose();
        return ValueTask.CompletedTask;
    }

    protected Task<ContainerdClient> ConnectAsync(string containerdNamespace) => ContainerdClient.ConnectAsync(
        new ConnectionOptions { Address = ServerAddress.Parse(server.Address) }, containerdNamespace, null, Token);

    /// <summary>ctr in the namespace of this test's client.</summary>
    protected Task<string> CtrAsync(params string[] arguments) => server.CtrAsync(["--namespace", Client.Namespace, .. arguments]);

    /// <summary>Everything in the namespace that an import makes, one line each.</summary>
    protected async Task<IReadOnlyList<string>> InventoryAsync()
    {
        var lines = new List<string>();
        await foreach (var blob in Client.Content.ListAsync([], Token))
            lines.Add("content " + blob.Digest);
        lines.AddRange((await Client.Content.ListIngestsAsync([], Token)).Select(ingest => "ingest " + ingest.Ref));
        await foreach (var snapshot in Client.Snapshots("overlayfs").ListAsync([], Token))
            lines.Add("snapshot " + snapshot.Key);
        lines.AddRange((await Client.Leases.ListAsync([], Token)).Select(lease => "lease " + lease.Id));
        lines.AddRange((await Client.Images.ListAsync([], Token)).Select(image => $"image {image.Name} {image.Digest}"));
        return lines;
    }

    /// <summary>Has the server collect what nothing refers to: deleting any lease and waiting does it.</summary>
    protected async Task CollectGarbageAsync()
    {
        var lease = await Client.Leases.CreateAsync(Token);
        await lease.AbandonAsync(Token);
    }

    /// <summary>A file of the server's directory, which goes with it.</summary>
    protected async Task<string> SaveAsync(byte[] bytes)
    {
        var path = Path.Combine(server.TempDirectory, Guid.NewGuid().ToString("N"));
        await File.WriteAllBytesAsync(path, bytes, Token);
        return path;
    }

    protected Task<WrittenContent> WriteAsync(byte[] bytes, string? digest = null, IReadOnlyDictionary<string, string>? labels = null) =>
        Client.Content.WriteAsync(
            new ContentToWrite("test-" + Guid.NewGuid().ToString("N")) { Digest = digest, Size = bytes.Length, Labels = labels ?? new Dictionary<string, string>() },
            new MemoryStream(bytes),
            Token);
}

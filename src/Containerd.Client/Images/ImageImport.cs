using System.Diagnostics;
using Containerd.Client.Content;
using Containerd.Client.Images.Archives;
using Containerd.Client.Leases;
using Containerd.Client.Namespaces;
using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>
/// Imports images by calls alone, the same way on every version of containerd: content is written, documents get the labels
/// that keep what they refer to, layers are unpacked, and only then is the image named. All of it happens under a lease;
/// whatever fails, or is cancelled, the lease goes and takes everything along that was made.
/// </summary>
internal sealed class ImageImport(ContainerdClient client, ServerPlatform server, ImportOptions options, IProgress<ImportProgress>? progress)
{
    // Waiting for the garbage collection of a busy server may take its time; after that it goes on without us.
    private static readonly TimeSpan s_abandonTimeout = TimeSpan.FromSeconds(30);

    private readonly string _id = Guid.NewGuid().ToString("N");

    /// <summary>Imports an archive of images.</summary>
    /// <param name="cancellationToken">Ends the import; nothing of it stays.</param>
    /// <returns>The images.</returns>
    public async Task<IReadOnlyList<ImportedImage>> RunArchiveAsync(CancellationToken cancellationToken)
    {
        var platform = await server.GetAsync(client, cancellationToken).ConfigureAwait(false);
        var length = new FileInfo(options.Path).Length;
        var archive = await ImageArchive.OpenAsync(
            options.Path, options.MostBytes(length), Reports(ImportPhase.Reading, length, options.Path), cancellationToken).ConfigureAwait(false);

        // docker save of today writes both; the layout says more.
        ImportPlan plan;
        if (archive.Find(OciLayout.IndexFile) is not null)
            plan = await OciLayout.PlanAsync(archive, options, platform, cancellationToken).ConfigureAwait(false);
        else if (archive.Find(DockerArchive.ManifestFile) is not null)
            plan = await DockerArchive.PlanAsync(archive, options, platform, cancellationToken).ConfigureAwait(false);
        else
            throw archive.Invalid("it has neither index.json nor manifest.json; a root file system is imported with -RootFs");
        return await UnderLeaseAsync(
            async leased =>
            {
                var written = await WriteFilesAsync(leased, archive, plan.Files, cancellationToken).ConfigureAwait(false);
                return plan.Finish(written);
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Imports a root file system.</summary>
    /// <param name="cancellationToken">Ends the import; nothing of it stays.</param>
    /// <returns>The image.</returns>
    public async Task<IReadOnlyList<ImportedImage>> RunRootFsAsync(CancellationToken cancellationToken)
    {
        var rootFs = (RootFsImportOptions)options;
        if (rootFs.Name is null)
            throw new InvalidArgumentException("Name", "A root file system has no name of its own: give one with -Name.");
        var name = ImageReference.Parse(rootFs.Name, "Name").StoreName;
        var platform = options.Platform ?? await server.GetAsync(client, cancellationToken).ConfigureAwait(false);
        return await UnderLeaseAsync(
            async leased =>
            {
                var (layer, diffId) = Directory.Exists(options.Path)
                    ? await WriteDirectoryAsync(leased, cancellationToken).ConfigureAwait(false)
                    : await WriteTarAsync(leased, cancellationToken).ConfigureAwait(false);
                return RootFsImage.Of(rootFs, name, platform, layer, diffId);
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task<IReadOnlyList<ImportedImage>> UnderLeaseAsync(
        Func<ContainerdClient, Task<PlannedImages>> write, CancellationToken cancellationToken)
    {
        var lease = await client.Leases.CreateAsync(cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
        {
            try
            {
                var images = await write(lease.Client).ConfigureAwait(false);
                return await FinishAsync(lease.Client, images, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                await AbandonAsync(lease).ConfigureAwait(false);
                throw;
            }
        }
    }

    private async Task<IReadOnlyList<ImportedImage>> FinishAsync(
        ContainerdClient leased, PlannedImages images, CancellationToken cancellationToken)
    {
        foreach (var document in images.Documents)
        {
            var content = new ContentToWrite(Reference(document.Descriptor.Digest))
            {
                Digest = document.Descriptor.Digest,
                Size = document.Bytes.Length,
                Labels = document.Labels,
            };
            using var bytes = new MemoryStream(document.Bytes);
            await WriteAsync(leased, content, bytes, document.Descriptor.Digest, null, cancellationToken).ConfigureAwait(false);
        }

        if (options.Unpack)
        {
            var snapshotter = options.Snapshotter ?? await DefaultSnapshotterAsync(cancellationToken).ConfigureAwait(false);
            foreach (var image in images.Images)
            {
                if (image.ToUnpack is { } content)
                {
                    await leased.Images.EnsureUnpackedAsync(
                        content, snapshotter, cancellationToken, new Relay<UnpackProgress>(done =>
                            progress?.Report(new ImportProgress(ImportPhase.Unpacking, done.Layer, done.Layers, image.Name)))).ConfigureAwait(false);
                }
            }
        }

        // Last of all, so that no name ever stands for something half done.
        var imported = new List<ImportedImage>();
        foreach (var image in images.Images)
        {
            var named = await leased.Images.CreateOrUpdateAsync(image.Name, image.Target, options.Labels, cancellationToken).ConfigureAwait(false);
            imported.Add(new ImportedImage(named, options.Unpack && image.ToUnpack is not null));
        }

        return imported;
    }

    private async Task<string> DefaultSnapshotterAsync(CancellationToken cancellationToken)
    {
        var defaults = await NamespaceDefaults.ReadAsync(client, cancellationToken).ConfigureAwait(false);
        var platform = await server.GetAsync(client, cancellationToken).ConfigureAwait(false);
        return defaults.SnapshotterFor(platform.Os == "windows");
    }

    private async Task<IReadOnlyDictionary<ArchiveEntry, WrittenFile>> WriteFilesAsync(
        ContainerdClient leased, ImageArchive archive, IReadOnlyList<PlannedFile> files, CancellationToken cancellationToken)
    {
        var planned = files.ToLookup(file => file.File);
        var total = planned.Sum(group => group.Key.Size);
        var written = new Dictionary<ArchiveEntry, WrittenFile>();
        long done = 0;
        await foreach (var (entry, content) in archive.ReadInOrderAsync(planned.Select(group => group.Key), cancellationToken).ConfigureAwait(false))
        {
            var before = done;
            var reports = new Relay<long>(bytes => progress?.Report(new ImportProgress(ImportPhase.Writing, before + bytes, total, entry.Name)));
            written[entry] = await WriteFileAsync(leased, archive, planned[entry].First(), content, reports, cancellationToken).ConfigureAwait(false);
            done += entry.Size;
        }

        return written;
    }

    private async Task<WrittenFile> WriteFileAsync(
        ContainerdClient leased, ImageArchive archive, PlannedFile file, Stream source, IProgress<long> reports, CancellationToken cancellationToken)
    {
        var content = new ContentToWrite(Reference(file.Digest ?? file.File.Name)) { Digest = file.Digest, Size = file.File.Size };
        if (file.DiffId is null)
        {
            var blob = await WriteAsync(leased, content, source, file.File.Name, reports, cancellationToken).ConfigureAwait(false);
            return new WrittenFile(blob.Digest, blob.Size, CompressionKind.None);
        }

        var inspection = new LayerInspection($"'{file.File.Name}' of {archive.Path}", source, options.MostBytes(file.File.Size));
        await using (inspection.ConfigureAwait(false))
        {
            var blob = await WriteAsync(leased, content, inspection.Source, file.File.Name, reports, cancellationToken).ConfigureAwait(false);

            // What the store has already was not read again; unpacking checks it.
            if (blob.Existed && file.Digest is not null)
                return new WrittenFile(blob.Digest, blob.Size, CompressionKind.None);
            var layer = await inspection.ResultAsync().ConfigureAwait(false);
            return layer.DiffId == file.DiffId
                ? new WrittenFile(blob.Digest, blob.Size, layer.Compression)
                : throw archive.Invalid($"the layer '{file.File.Name}' has the digest {layer.DiffId} uncompressed, and the config says {file.DiffId}");
        }
    }

    private async Task<(ContentDescriptor Layer, string DiffId)> WriteTarAsync(ContainerdClient leased, CancellationToken cancellationToken)
    {
        var file = new FileStream(options.Path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 17, FileOptions.Asynchronous | FileOptions.SequentialScan);
        await using (file.ConfigureAwait(false))
        {
            var inspection = new LayerInspection($"'{options.Path}'", file, options.MostBytes(file.Length));
            await using (inspection.ConfigureAwait(false))
            {
                var blob = await WriteAsync(
                    leased, new ContentToWrite(Reference("rootfs")), inspection.Source, options.Path,
                    Reports(ImportPhase.Writing, file.Length, options.Path), cancellationToken).ConfigureAwait(false);
                var layer = await inspection.ResultAsync().ConfigureAwait(false);
                if (!layer.HasEnd)
                    throw new InvalidContentException($"Cannot import {options.Path}: it is no complete tar archive (it has no end).");
                var type = layer.Compression switch
                {
                    CompressionKind.Gzip => MediaTypes.LayerGzip,
                    CompressionKind.Zstd => MediaTypes.LayerZstd,
                    _ => MediaTypes.Layer,
                };
                return (new ContentDescriptor(type, blob.Digest, blob.Size), layer.DiffId);
            }
        }
    }

    private async Task<(ContentDescriptor Layer, string DiffId)> WriteDirectoryAsync(ContainerdClient leased, CancellationToken cancellationToken)
    {
        var tar = new DirectoryTar(options.Path, cancellationToken);
        await using (tar.ConfigureAwait(false))
        {
            var blob = await WriteAsync(
                leased, new ContentToWrite(Reference("rootfs")), tar.Content, options.Path,
                Reports(ImportPhase.Writing, 0, options.Path), cancellationToken).ConfigureAwait(false);
            return (new ContentDescriptor(MediaTypes.Layer, blob.Digest, blob.Size), blob.Digest);
        }
    }

    private static async Task<WrittenContent> WriteAsync(
        ContainerdClient leased, ContentToWrite content, Stream source, string what, IProgress<long>? reports, CancellationToken cancellationToken)
    {
        try
        {
            return await leased.Content.WriteAsync(content, source, cancellationToken, reports).ConfigureAwait(false);
        }
        catch (FailedPreconditionException e)
        {
            // The server counted and hashed what came.
            throw new InvalidContentException($"'{what}' is not what its digest says: {e.Message}", e);
        }
        catch (Exception e) when (Compression.IsBroken(e))
        {
            throw new InvalidContentException($"'{what}' cannot be read to its end: {e.Message}", e);
        }
    }

    // The write's name must be unique: two imports of the same archive at once would lock each other out.
    private string Reference(string what) => $"import-{_id}-{what}";

    private static async Task AbandonAsync(HeldLease lease)
    {
        using var deadline = new CancellationTokenSource(s_abandonTimeout);
        try
        {
            await lease.AbandonAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ContainerdException or OperationCanceledException)
        {
            // The error that brought us here is the one to report; the lease expires by itself.
            Debug.WriteLine(e);
        }
    }

    private Relay<long> Reports(ImportPhase phase, long total, string subject) =>
        new(done => progress?.Report(new ImportProgress(phase, done, total, subject)));

    /// <summary>Tells progress on the thread that makes it, in order.</summary>
    private sealed class Relay<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}

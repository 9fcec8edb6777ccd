using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Containerd.Client.Tests.Images;

/// <summary>Archives of images, taken apart and put together again by a test's own hand, as they should be or not.</summary>
internal static class Archive
{
    /// <summary>The files of a tar, by name.</summary>
    public static Dictionary<string, byte[]> Files(byte[] tar)
    {
        var files = new Dictionary<string, byte[]>();
        using var reader = new TarReader(new MemoryStream(tar));
        while (reader.GetNextEntry(copyData: true) is { } entry)
        {
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            files[entry.Name] = content.ToArray();
        }

        return files;
    }

    /// <summary>A tar of files.</summary>
    public static byte[] Tar(IEnumerable<KeyValuePair<string, byte[]>> files) => Tar(files.Select(file =>
        (TarEntry)new PaxTarEntry(TarEntryType.RegularFile, file.Key) { DataStream = new MemoryStream(file.Value) }));

    /// <summary>A tar of entries.</summary>
    public static byte[] Tar(IEnumerable<TarEntry> entries)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Pax, leaveOpen: true))
        {
            foreach (var entry in entries)
            {
                entry.ModificationTime = DateTimeOffset.UnixEpoch;
                writer.WriteEntry(entry);
            }
        }

        return stream.ToArray();
    }

    /// <summary>What a name is in an OCI layout for a digest, and what it is here.</summary>
    public static string Blob(string digest) => "blobs/" + digest.Replace(':', '/');

    public static string Digest(byte[] bytes) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(bytes));

    public static byte[] Gzip(byte[] bytes, CompressionLevel level = CompressionLevel.Fastest)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, level, leaveOpen: true))
            gzip.Write(bytes);
        return stream.ToArray();
    }

    public static byte[] Zstd(byte[] bytes)
    {
        using var compressor = new ZstdSharp.Compressor();
        return compressor.Wrap(bytes).ToArray();
    }

    public static byte[] Json(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());

    public static JsonNode Parse(byte[] json) => JsonNode.Parse(json)!;

    /// <summary>A descriptor of bytes, which are added to the files of a layout.</summary>
    public static JsonObject Add(Dictionary<string, byte[]> files, byte[] bytes, string mediaType)
    {
        files[Blob(Digest(bytes))] = bytes;
        return new JsonObject { ["mediaType"] = mediaType, ["digest"] = Digest(bytes), ["size"] = bytes.Length };
    }

    /// <summary>Turns an OCI layout of one image into what docker save of years ago wrote.</summary>
    public static Dictionary<string, byte[]> ToDocker(byte[] ociLayout, params string[] names)
    {
        var oci = Files(ociLayout);
        var entry = Parse(oci["index.json"])["manifests"]![0]!;
        var manifest = Parse(oci[Blob((string)entry["digest"]!)]);
        var config = (string)manifest["config"]!["digest"]!;
        var docker = new Dictionary<string, byte[]>();
        var layers = new JsonArray();
        foreach (var layer in manifest["layers"]!.AsArray())
        {
            var digest = (string)layer!["digest"]!;
            docker[digest[7..] + "/layer.tar"] = oci[Blob(digest)];
            layers.Add(digest[7..] + "/layer.tar");
        }

        docker[config[7..] + ".json"] = oci[Blob(config)];
        docker["manifest.json"] = Json(new JsonArray(new JsonObject
        {
            ["Config"] = config[7..] + ".json",
            ["RepoTags"] = new JsonArray([.. names.Select(name => JsonValue.Create(name))]),
            ["Layers"] = layers,
        }));
        return docker;
    }
}

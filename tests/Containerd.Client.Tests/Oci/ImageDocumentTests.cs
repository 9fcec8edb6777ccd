using System.Text;
using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>Image configs, manifests, indexes and digests, as real tools and hostile ones write them.</summary>
public sealed class ImageDocumentTests
{
    private const string A = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string B = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    [Fact]
    public void A_whole_config_is_read()
    {
        ImageConfig config = Config($$$"""
            {"architecture":"arm64","variant":"v8","os":"linux","created":"2024-05-06T07:08:09.123456789Z","author":"me",
             "config":{"User":"app","ExposedPorts":{"80/tcp":{},"53/udp":{}},"Env":["A=1"],"Entrypoint":["/e"],"Cmd":["c","d"],"Volumes":{"/data":{}},
                       "WorkingDir":"/w","Labels":{"l":"v"},"StopSignal":"SIGQUIT","ArgsEscaped":true,"Healthcheck":{"Test":["NONE"]}},
             "rootfs":{"type":"layers","diff_ids":["{{{A}}}","{{{B}}}"]},
             "history":[{"created":"2024-05-06T07:08:09Z","created_by":"ADD x"},{"created_by":"CMD","empty_layer":true}]}
            """);

        Assert.Equal("linux/arm64", config.Platform.ToString());
        Assert.Equal(new DateTimeOffset(2024, 5, 6, 7, 8, 9, TimeSpan.Zero), config.Created!.Value.AddTicks(-1234568), TimeSpan.FromTicks(1));
        Assert.Equal(("app", "/w", "SIGQUIT", true), (config.Config.User, config.Config.WorkingDir, config.Config.StopSignal, config.Config.ArgsEscaped));
        Assert.Equal(["80/tcp", "53/udp"], config.Config.ExposedPorts);
        Assert.Equal(["/data"], config.Config.Volumes);
        Assert.Equal(["A=1"], config.Config.Env);
        Assert.Equal(["/e"], config.Config.Entrypoint);
        Assert.Equal(["c", "d"], config.Config.Cmd);
        Assert.Equal("v", config.Config.Labels["l"]);
        Assert.Equal([A, B], config.DiffIds);
        Assert.Equal([false, true], config.History.Select(step => step.EmptyLayer));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"config":null,"rootfs":null,"history":null,"created":null,"architecture":null,"os":null}""")]
    [InlineData("""{"config":{"Env":null,"Cmd":null,"Entrypoint":null,"Labels":null,"Volumes":null,"ExposedPorts":null,"User":null,"WorkingDir":null,"StopSignal":null}}""")]
    [InlineData("""{"config":{"Env":[],"Cmd":[]},"rootfs":{"type":"layers","diff_ids":null},"created":"0001-01-01T00:00:00Z"}""")]
    [InlineData("""{"created":"yesterday","config":{},"container_config":{"Cmd":["x"]},"docker_version":"1.2"}""")]
    public void What_Docker_writes_where_there_is_nothing_is_empty(string json)
    {
        ImageConfig config = Config(json);

        Assert.Null(config.Created);
        Assert.Empty(config.DiffIds);
        Assert.Empty(config.History);
        Assert.Empty(config.Config.Env);
        Assert.Empty(config.Config.Cmd);
        Assert.Empty(config.Config.Entrypoint);
        Assert.Empty(config.Config.Labels);
        Assert.Empty(config.Config.ExposedPorts);
        Assert.Empty(config.Config.Volumes);
        Assert.Equal(("", "", null), (config.Config.User, config.Config.WorkingDir, config.Config.StopSignal));
    }

    [Fact]
    public void A_command_written_as_text_is_one_argument() =>
        Assert.Equal(["/bin/sh -c x"], Config("""{"config":{"Cmd":"/bin/sh -c x","Env":["A=1",null]}}""").Config.Cmd);

    [Theory]
    [InlineData("", "no valid JSON")]
    [InlineData("[]", "no JSON object")]
    [InlineData("{} {}", "after its end")]
    [InlineData("{\"config\":5}", "no valid JSON of its kind")]
    [InlineData("{\"config\":{\"Env\":\"A=1\"}}", "no valid JSON of its kind")]
    [InlineData("{\"config\":{\"Cmd\":[1]}}", "no valid JSON of its kind")]
    [InlineData("{\"rootfs\":{\"type\":\"tree\"}}", "of type 'tree'")]
    [InlineData("{\"rootfs\":{\"diff_ids\":[\"../../etc\"]}}", "which is no digest")]
    [InlineData("{\"rootfs\":{\"diff_ids\":[null]}}", "which is no digest")]
    public void A_config_that_is_none_says_so(string json, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Config(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Documents_beyond_the_limits_are_not_read()
    {
        var deep = Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 200) + new string(']', 200) + "}");
        var large = new byte[9 * 1024 * 1024];

        Assert.Throws<InvalidDataException>(() => ImageConfig.Parse(deep));
        Assert.Throws<InvalidDataException>(() => ImageIndex.Parse(deep));
        Assert.Contains("at most", Assert.Throws<InvalidDataException>(() => ImageManifest.Parse(large)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_manifest_and_an_index_are_read_and_written()
    {
        var manifest = ImageManifest.Parse(Encoding.UTF8.GetBytes($$$"""
            {"schemaVersion":2,"mediaType":"{{{MediaTypes.DockerManifest}}}","config":{"mediaType":"{{{MediaTypes.DockerConfig}}}","size":7,"digest":"{{{A}}}"},
             "layers":[{"mediaType":"{{{MediaTypes.DockerLayerGzip}}}","size":9,"digest":"{{{B}}}","urls":["u"]}],"annotations":{"k":"v"},"unknown":1}
            """));
        Assert.Equal(new ContentDescriptor(MediaTypes.DockerConfig, A, 7), manifest.Config);
        Assert.Equal((MediaTypes.DockerLayerGzip, B, 9L, "u"), (manifest.Layers[0].MediaType, manifest.Layers[0].Digest, manifest.Layers[0].Size, manifest.Layers[0].Urls![0]));
        Assert.Equal("v", manifest.Annotations!["k"]);

        var index = new ImageIndex([new ContentDescriptor(MediaTypes.Manifest, A, 5)
        {
            Platform = new Platform("windows", "amd64") { OsVersion = "10.0.1" },
            Annotations = new Dictionary<string, string> { ["org.opencontainers.image.ref.name"] = "é+latest" },
        }])
        { MediaType = MediaTypes.Index };
        var written = Encoding.UTF8.GetString(index.ToUtf8Bytes());
        Assert.Equal($$$"""{"schemaVersion":2,"mediaType":"{{{MediaTypes.Index}}}","manifests":[{"mediaType":"{{{MediaTypes.Manifest}}}","digest":"{{{A}}}","size":5,"annotations":{"org.opencontainers.image.ref.name":"é+latest"},"platform":{"os":"windows","architecture":"amd64","os.version":"10.0.1"}}]}""", written);
        ContentDescriptor back = Assert.Single(ImageIndex.Parse(index.ToUtf8Bytes()).Manifests);
        Assert.Equal("10.0.1", back.Platform!.OsVersion);
        Assert.Equal("é+latest", back.Annotation("org.opencontainers.image.ref.name"));
        Assert.Equal(manifest.Layers[0].Urls, ImageManifest.Parse(manifest.ToUtf8Bytes()).Layers[0].Urls);
    }

    [Theory]
    [InlineData("{\"schemaVersion\":2}", "has no config")]
    [InlineData("{\"schemaVersion\":1,\"fsLayers\":[]}", "schema 1")]
    [InlineData("{\"schemaVersion\":\"2\",\"config\":null}", "no valid JSON of its kind")]
    [InlineData("{\"config\":{\"mediaType\":\"m\",\"digest\":\"" + A + "\",\"size\":1},\"manifests\":[]}", "is an index as well")]
    [InlineData("{\"config\":{\"mediaType\":\"m\",\"digest\":\"sha256:../x\",\"size\":1}}", "which is no digest")]
    [InlineData("{\"config\":{\"mediaType\":\"m\",\"digest\":\"" + A + "\",\"size\":-1}}", "a size of -1")]
    [InlineData("{\"config\":{\"digest\":\"" + A + "\",\"size\":1}}", "without a media type")]
    [InlineData("{\"config\":{\"mediaType\":\"m\",\"digest\":\"" + A + "\",\"size\":1},\"layers\":[null]}", "a layer that is null")]
    [InlineData("{\"mediaType\":\"" + MediaTypes.Index + "\",\"config\":{\"mediaType\":\"m\",\"digest\":\"" + A + "\",\"size\":1}}", "says it is")]
    public void A_manifest_that_is_none_says_so(string json, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => ImageManifest.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("{}", "lists no manifests")]
    [InlineData("{\"manifests\":[],\"layers\":[]}", "is a manifest as well")]
    [InlineData("{\"manifests\":[null]}", "an entry that is null")]
    [InlineData("{\"manifests\":[{\"mediaType\":\"m\",\"digest\":\"x\",\"size\":1}]}", "which is no digest")]
    [InlineData("{\"manifests\":{}}", "no valid JSON of its kind")]
    public void An_index_that_is_none_says_so(string json, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => ImageIndex.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void Any_bytes_are_a_document_or_invalid_data()
    {
        Gen<byte[]> likely = Gen.OneOf("{", "}", "[", "]", ":", ",", "\"config\"", "\"manifests\"", "\"layers\"", "\"digest\"", "\"rootfs\"", "null", "1", "\"x\"", "\\").Array[0, 14]
            .Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));
        // A value of any kind in every place that a document has.
        Gen<string> value = Gen.OneOf("null", "1", "-1", "\"x\"", "[]", "{}", "[null]", "[1]", "{\"x\":null}", $"\"{A}\"", $$"""{"mediaType":"m","digest":"{{A}}","size":1,"annotations":{"a":null},"urls":[null],"platform":{"os":"linux"} }""");
        Gen<byte[]> shaped = Gen.Select(Gen.OneOf("config", "manifests", "layers", "rootfs", "history", "os", "created", "annotations", "subject", "schemaVersion", "mediaType"), value, value).Array[0, 4]
            .Select(members => Encoding.UTF8.GetBytes("{" + string.Join(',', members.Select(m => $"\"{m.Item1}\":{(m.Item1 is "manifests" or "layers" or "history" ? "[" + m.Item2 + "]" : m.Item2)}")) + "}"));
        Gen.OneOf(Gen.Byte.Array[0, 40], likely, shaped).Sample(bytes =>
            Fine(() => ImageConfig.Parse(bytes) is var config ? (config.Platform, config.Config.ExposedPorts, config.ToUtf8Bytes()) : default)
            && Fine(() => ImageManifest.Parse(bytes).ToUtf8Bytes())
            && Fine(() => ImageIndex.Parse(bytes) is var index ? (index.Candidates(Platform.Host), index.ToUtf8Bytes()) : default), iter: 50_000);

        static bool Fine(Func<object> parse)
        {
            try
            {
                return parse() is not null;
            }
            catch (InvalidDataException)
            {
                return true;
            }
        }
    }

    [Theory]
    [InlineData(A, true)]
    [InlineData("sha512:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true)]
    [InlineData("sha256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("sha256:aa", false)]
    [InlineData("sha1:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false)]
    [InlineData("sha256", false)]
    [InlineData(":", false)]
    [InlineData("", false)]
    [InlineData(A + "\n", false)]
    public void A_digest_is_an_algorithm_and_a_hash(string text, bool good)
    {
        Assert.Equal(good, Digest.TryParse(text, out Digest digest));
        Assert.Equal(good ? text : "", digest.ToString());
    }

    [Fact]
    public void The_digest_of_nothing_is_the_known_one() =>
        Assert.Equal("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", Digest.Of([]).ToString());

    [Fact]
    public void A_chain_id_hashes_the_layers_below_and_its_own()
    {
        // By hand: printf '%s' "$below $layer" | sha256sum
        string[] byHand =
        [
            A,
            "sha256:ccd722928bd92476ba1745586fed6e45a102504185ad88cd89e01ff116fd146c",
            "sha256:406364a4bd8d39df8107071d4494fa73814420337124657ec5999b072e5d3352",
        ];

        Assert.Equal(byHand, ChainId.All([A, B, A]));
        Assert.Equal(byHand[2], ChainId.Of([A, B, A]));
        Assert.Equal("", ChainId.Of([]));
        Assert.Equal("DiffId", Assert.Throws<InvalidArgumentException>(() => ChainId.Of([A, "x"])).Parameter);
    }

    [Theory]
    [InlineData(MediaTypes.Layer, true)]
    [InlineData("application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", true)]
    [InlineData("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true)]
    [InlineData(MediaTypes.Config, false)]
    [InlineData(null, false)]
    public void Layers_of_every_kind_are_known(string? mediaType, bool layer) => Assert.Equal(layer, MediaTypes.IsLayer(mediaType));

    private static ImageConfig Config(string json) => ImageConfig.Parse(Encoding.UTF8.GetBytes(json));
}

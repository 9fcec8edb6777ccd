using System.Text;
using System.Text.Json.Nodes;
using Containerd.Client.Oci;
using CsCheck;
using Xunit;

namespace Containerd.Client.Tests.Oci;

/// <summary>A runtime spec keeps what it does not know, and what it knows can be read and changed.</summary>
public sealed class RuntimeSpecTests
{
    [Fact]
    public void Unknown_fields_and_numbers_survive_digit_for_digit()
    {
        const string given = """{"ociVersion":"1.3.0","future":{"big":18446744073709551615,"tiny":1e-400,"precise":0.1000,"list":[null,true,"é<>&"]},"process":{"args":["a"],"ioPriority":{"class":"IOPRIO_CLASS_IDLE"}},"linux":{"intelRdt":{"closID":"x"}}}""";
        var spec = RuntimeSpec.Parse(given);

        spec.Process!.Args = ["b"];

        Assert.Equal(given.Replace("[\"a\"]", "[\"b\"]", StringComparison.Ordinal), Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("12")]
    [InlineData("{\"a\":1} {\"b\":2}")]
    [InlineData("{\"a\":1,\"a\":2}")]
    [InlineData("{\"a\":{\"b\":1,\"b\":2}}")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"a\":1,}")]
    public void What_is_no_JSON_object_is_an_invalid_argument(string text)
    {
        var error = Assert.Throws<InvalidArgumentException>(() => RuntimeSpec.Parse(text));

        Assert.Equal("Spec", error.Parameter);
    }

    [Fact]
    public void A_spec_beyond_the_limits_is_refused()
    {
        var deep = string.Concat(Enumerable.Repeat("{\"a\":", 100)) + "1" + new string('}', 100);
        var large = new byte[RuntimeSpec.MaxBytes + 1];

        Assert.Throws<InvalidArgumentException>(() => RuntimeSpec.Parse(deep));
        Assert.Contains(RuntimeSpec.MaxBytes.ToString(), Assert.Throws<InvalidArgumentException>(() => RuntimeSpec.Parse(large)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_byte_order_mark_is_no_obstacle() =>
        Assert.Equal("1.0.2", RuntimeSpec.Parse([0xEF, 0xBB, 0xBF, .. "{\"ociVersion\":\"1.0.2\"}"u8]).Version);

    [Fact]
    public void Fields_that_are_there_are_read()
    {
        var spec = RuntimeSpec.Parse("""
            {"process":{"terminal":true,"consoleSize":{"height":33,"width":99},"user":{"uid":1,"gid":2,"additionalGids":[2,3],"umask":18},"args":["x","y"],
             "env":["A=1"],"cwd":"/w","capabilities":{"bounding":["CAP_KILL"]},"rlimits":[{"type":"RLIMIT_CORE","hard":1,"soft":1},{"type":"RLIMIT_NOFILE","hard":20,"soft":10}],"noNewPrivileges":true},
             "root":{"path":"rootfs","readonly":true},"hostname":"h","mounts":[{"destination":"/m","type":"tmpfs","source":"s","options":["ro"]}],"annotations":{"k":"v"},
             "linux":{"cgroupsPath":"/n/i","namespaces":[{"type":"pid"},{"type":"network","path":"/proc/1/ns/net"}]}}
            """);

        ProcessSpec process = spec.Process!;
        Assert.True(process.Terminal);
        Assert.Equal(new ConsoleSize(99, 33), process.ConsoleSize);
        Assert.Equal((1u, 2u), (process.User.Uid, process.User.Gid));
        Assert.Equal([2u, 3u], process.User.AdditionalGids);
        Assert.Equal(["x", "y"], process.Args);
        Assert.Equal(["A=1"], process.Env);
        Assert.Equal("/w", process.Cwd);
        Assert.Equal(["CAP_KILL"], process.Capabilities);
        Assert.Equal(new OpenFilesLimit(10, 20), process.OpenFiles);
        Assert.True(process.NoNewPrivileges);
        Assert.Equal(("rootfs", true, "h", "/n/i"), (spec.RootPath, spec.RootReadOnly, spec.Hostname, spec.CgroupsPath));
        MountSpec mount = Assert.Single(spec.Mounts);
        Assert.Equal(("/m", "tmpfs", "s", true), (mount.Destination, mount.Type, mount.Source, mount.ReadOnly));
        Assert.Equal("v", spec.Annotations["k"]);
        Assert.Equal(["pid", "network"], spec.Namespaces.Keys);
        Assert.Equal("/proc/1/ns/net", spec.Namespaces["network"]);
        Assert.False(spec.IsWindows);
    }

    [Fact]
    public void An_empty_spec_reads_as_nothing_set()
    {
        var spec = RuntimeSpec.Parse("{}");

        Assert.Null(spec.Process);
        Assert.Null(spec.CgroupsPath);
        Assert.Empty(spec.Mounts);
        Assert.Empty(spec.Annotations);
        Assert.Empty(spec.Namespaces);
        Assert.True(spec.Resources.IsEmpty);
        Assert.Throws<InvalidArgumentException>(() => spec.NewExecProcess());
        Assert.Equal("{}", Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
    }

    [Theory]
    [InlineData("{\"process\":5}")]
    [InlineData("{\"process\":{\"args\":\"sh\"}}")]
    [InlineData("{\"process\":{\"args\":[1]}}")]
    [InlineData("{\"process\":{\"args\":[],\"terminal\":\"yes\"}}")]
    [InlineData("{\"process\":{\"args\":[],\"user\":{\"uid\":1.5}}}")]
    [InlineData("{\"process\":{\"args\":[],\"user\":{\"uid\":-1}}}")]
    [InlineData("{\"process\":{\"args\":[],\"user\":{\"uid\":4294967296}}}")]
    public void A_field_of_the_wrong_kind_is_an_invalid_argument(string json) => Assert.Throws<InvalidArgumentException>(() =>
    {
        ProcessSpec process = RuntimeSpec.Parse(json).Process!;
        _ = (process.Args, process.Terminal, process.User);
    });

    [Fact]
    public void An_exec_starts_from_the_containers_process_and_changes_nothing_of_it()
    {
        var spec = RuntimeSpec.Parse("""{"process":{"terminal":true,"consoleSize":{"height":1,"width":2},"args":["init"],"env":["A=1"],"oomScoreAdj":5,"user":{"uid":1,"gid":1,"umask":18}}}""");
        var before = spec.ToUtf8Bytes();

        ProcessSpec exec = spec.NewExecProcess();
        Assert.Equal("""{"args":["init"],"env":["A=1"],"oomScoreAdj":5,"user":{"uid":1,"gid":1,"umask":18}}""", Encoding.UTF8.GetString(exec.ToUtf8Bytes()));
        exec.Args = ["id"];
        exec.User = new ProcessUser(7, 8) { AdditionalGids = [8] };
        exec.Cwd = "/tmp";
        exec.Capabilities = ["CAP_KILL"];

        Assert.Equal("""{"args":["id"],"env":["A=1"],"oomScoreAdj":5,"user":{"uid":7,"gid":8,"umask":18,"additionalGids":[8]},"cwd":"/tmp","capabilities":{"bounding":["CAP_KILL"],"effective":["CAP_KILL"],"permitted":["CAP_KILL"]}}""",
            Encoding.UTF8.GetString(exec.ToUtf8Bytes()));
        Assert.Equal(before, spec.ToUtf8Bytes());
    }

    [Fact]
    public void Namespaces_annotations_mounts_and_limits_are_changed_in_place()
    {
        var spec = RuntimeSpec.Parse("""{"mounts":[{"destination":"/a","uidMappings":[1]}],"linux":{"namespaces":[{"type":"network"},{"type":"pid"}]},"process":{"rlimits":[{"type":"RLIMIT_NOFILE","hard":1,"soft":1}]}}""");

        Assert.True(spec.RemoveNamespace("network"));
        Assert.False(spec.RemoveNamespace("network"));
        spec.SetNamespace("pid", "/proc/5/ns/pid");
        spec.SetNamespace("cgroup");
        spec.SetAnnotation("a", "1");
        spec.SetAnnotation("b", "2");
        spec.SetAnnotation("a", null);
        spec.AddMount(MountSpec.Bind("/x", "/y", readOnly: true));
        spec.Process!.OpenFiles = new OpenFilesLimit(5, 6);
        spec.CgroupsPath = "/n/new";
        spec.Hostname = "h";

        Assert.Equal("""{"mounts":[{"destination":"/a","uidMappings":[1]},{"destination":"/y","type":"bind","source":"/x","options":["rbind","rprivate","ro"]}],"linux":{"namespaces":[{"type":"pid","path":"/proc/5/ns/pid"},{"type":"cgroup"}],"cgroupsPath":"/n/new"},"process":{"rlimits":[{"type":"RLIMIT_NOFILE","hard":6,"soft":5}]},"annotations":{"b":"2"},"hostname":"h"}""",
            Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
    }

    [Fact]
    public void An_unlimited_number_of_files_is_read_and_written()
    {
        var spec = RuntimeSpec.Parse("""{"process":{"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":1}]}}""");

        Assert.Equal(new OpenFilesLimit(1, ulong.MaxValue), spec.Process!.OpenFiles);
        spec.Process.OpenFiles = new OpenFilesLimit(2, ulong.MaxValue);
        Assert.Equal("""{"process":{"rlimits":[{"type":"RLIMIT_NOFILE","hard":18446744073709551615,"soft":2}]}}""", Encoding.UTF8.GetString(spec.ToUtf8Bytes()));
        Assert.Equal(new OpenFilesLimit(2, ulong.MaxValue), spec.Process.OpenFiles);
    }

    [Theory]
    [InlineData("{\"windows\":{}}", true)]
    [InlineData("{\"windows\":{},\"linux\":{}}", false)]
    [InlineData("{\"linux\":{}}", false)]
    public void A_Windows_spec_is_known_by_its_section(string json, bool windows) => Assert.Equal(windows, RuntimeSpec.Parse(json).IsWindows);

    [Fact]
    public void Any_text_parses_or_is_an_invalid_argument_and_what_parses_round_trips() =>
        Gen.OneOf(Gen.String, JsonText(3).Select(json => json), JsonText(3).Select(Gen.Int[0, 60], (json, cut) => json[..Math.Min(cut, json.Length)])).Sample(text =>
        {
            try
            {
                var once = RuntimeSpec.Parse(text).ToUtf8Bytes();
                return once.AsSpan().SequenceEqual(RuntimeSpec.Parse(once).ToUtf8Bytes());
            }
            catch (InvalidArgumentException)
            {
                return true;
            }
        });

    private static Gen<string> JsonText(int depth)
    {
        Gen<string> scalar = Gen.OneOf(
            Gen.Const("null"), Gen.Bool.Select(b => b ? "true" : "false"), Gen.Long.Select(n => n.ToString()), Gen.Const("1.50e+3"), Gen.Const("\"\\ud83d\\ude00\""), Gen.Const("\"\\udc00\""),
            Gen.String.Select(s => JsonValue.Create(s).ToJsonString()));
        if (depth == 0)
            return scalar;
        Gen<string> inner = JsonText(depth - 1);
        return Gen.OneOf(
            scalar,
            inner.Array[0, 4].Select(items => "[" + string.Join(',', items) + "]"),
            Gen.Select(Gen.OneOf("process", "linux", "args", "a", "b"), inner).Array[0, 4]
                .Select(members => "{" + string.Join(',', members.Select(m => $"\"{m.Item1}\":{m.Item2}")) + "}"));
    }
}

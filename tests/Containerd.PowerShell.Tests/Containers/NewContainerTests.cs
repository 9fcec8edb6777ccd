using System.Management.Automation;
using System.Text.Json.Nodes;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Containers;

public abstract class NewContainerTests(ContainerdServer server) : ContainerRig(server)
{
    [Fact]
    public void Every_parameter_is_in_the_spec_and_the_record()
    {
        var container = Invoke(
            "New-CtrContainer web box:1 -Command sleep, 600 -Entrypoint env -Env @{ A = 1; PATH = $null }, 'B=2 3' -User app:wheel -WorkingDirectory /tmp -Hostname inside " +
            "-Mount /etc:/host:ro, @{ Type = 'tmpfs'; Destination = '/a,b' } -Label @{ Tier = 'front' }, 'x.y/z=1=2' -Memory 64MB -Cpu 1.5 -PidsLimit 10 -ReadOnly " +
            "-CapAdd net_admin -CapDrop CHOWN -Tty -Network host -AllowNewPrivileges -RuntimeOptions @{ BinaryName = '/bin/runc' }").Single<Container>();

        Assert.Equal(("web", TaskState.None, Image, Namespace), (container.Id, container.State, container.Image, container.Namespace));
        Assert.Equal(["env", "sleep", "600"], container.Command);
        Assert.Equal(("front", "1=2"), (container.Labels["Tier"], container.Labels["x.y/z"]));
        var spec = JsonNode.Parse(container.Spec!)!;
        var process = spec["process"]!;
        Assert.Equal(["A=1", "B=2 3", "IMAGE_SAYS=hello", "TERM=xterm"], Texts(process["env"]!).Order());
        Assert.Equal(("/tmp", "inside", true, true), ((string?)process["cwd"], (string?)spec["hostname"], (bool)process["terminal"]!, (bool)spec["root"]!["readonly"]!));
        Assert.Equal((1000, 10), ((int)process["user"]!["uid"]!, (int)process["user"]!["gid"]!));
        var capabilities = Texts(process["capabilities"]!["bounding"]!).ToList();
        Assert.Contains("CAP_NET_ADMIN", capabilities);
        Assert.DoesNotContain("CAP_CHOWN", capabilities);
        Assert.Null(process["noNewPrivileges"]);
        var mounts = spec["mounts"]!.AsArray().ToDictionary(mount => (string)mount!["destination"]!, mount => mount!);
        Assert.Equal(("/etc", true), ((string?)mounts["/host"]["source"], Texts(mounts["/host"]["options"]!).Contains("ro")));
        Assert.Equal(("tmpfs", "/etc/hosts"), ((string?)mounts["/a,b"]["type"], (string?)mounts["/etc/hosts"]["source"]));
        var resources = spec["linux"]!["resources"]!;
        Assert.Equal((64 << 20, 150_000, 10), ((int)resources["memory"]!["limit"]!, (int)resources["cpu"]!["quota"]!, (int)resources["pids"]!["limit"]!));
        Assert.DoesNotContain("network", spec["linux"]!["namespaces"]!.AsArray().Select(item => (string?)item!["type"]));
    }

    [Theory]
    [InlineData("256MB", 256L << 20)]
    [InlineData("'1.5g'", 3L << 29)]
    [InlineData("'512 MiB'", 512L << 20)]
    [InlineData("'64k'", 64L << 10)]
    [InlineData("1048576", 1048576L)]
    public void Memory_is_taken_as_people_type_it(string typed, long bytes) => Assert.Equal(
        bytes, (long)JsonNode.Parse(Invoke($"New-CtrContainer -Image box:1 -Memory {typed}").Single<Container>().Spec!)!["linux"]!["resources"]!["memory"]!["limit"]!);

    [Fact]
    public void Without_an_id_one_is_made_up_from_the_image()
    {
        var result = Invoke("1..3 | ForEach-Object { New-CtrContainer -Image box:1 }");
        Assert.Equal(3, result.Values.Cast<Container>().Select(container => container.Id).Distinct().Count());
        Assert.All(result.Values.Cast<Container>(), container => Assert.StartsWith("box-", container.Id, StringComparison.Ordinal));
    }

    [Fact]
    public void The_command_can_stand_behind_the_image_as_in_a_shell()
    {
        Assert.Equal(["sleep", "600"], Invoke("New-CtrContainer a box:1 sleep 600").Single<Container>().Command);
        Assert.Equal(["sh", "-c", "echo hi"], Invoke("New-CtrContainer b box:1 -- sh -c 'echo hi'").Single<Container>().Command);
    }

    [Fact]
    public void Many_ids_are_made_side_by_side_and_one_failure_stops_no_other()
    {
        var result = Module.Invoke("$null = New-CtrContainer c7 box:1; 1..30 | ForEach-Object { \"c$_\" } | New-CtrContainer -Image box:1");
        var error = result.SingleError();
        Assert.Equal(("IdInUse", ErrorCategory.ResourceExists, "c7"), (error.FullyQualifiedErrorId.Split(',')[0], error.CategoryInfo.Category, error.TargetObject));
        Assert.Equal(29, result.Values.Count);
        Assert.Equal(30, Invoke("Get-CtrContainer c*").Values.Count);
    }

    [Fact]
    public void WhatIf_makes_nothing()
    {
        Assert.Empty(Invoke("New-CtrContainer web box:1 -WhatIf").Values);
        Assert.Empty(Invoke("Get-CtrContainer").Values);
    }

    [Fact]
    public void Bad_input_says_what_is_wrong_with_which_object()
    {
        AssertError("New-CtrContainer '' box:1", "InvalidArgument", ErrorCategory.InvalidArgument, "");
        AssertError("New-CtrContainer 'a--b' box:1", "InvalidArgument", ErrorCategory.InvalidArgument, "a--b");
        AssertError("New-CtrContainer x nosuch:1", "NoSuchImage", ErrorCategory.ObjectNotFound, "nosuch:1");
        AssertError("New-CtrContainer x box:1 -User nobody7", "InvalidArgument", ErrorCategory.InvalidArgument, "x");
        AssertError("New-CtrContainer x box:1 -CapAdd FLY", "InvalidArgument", ErrorCategory.InvalidArgument, "x");
        AssertError("New-CtrContainer x box:1 -Label empty", "InvalidArgument", ErrorCategory.InvalidArgument, "x");
        AssertError("New-CtrContainer x box:1 -RuntimeOptions @{ Nope = 1 }", "InvalidArgument", ErrorCategory.InvalidArgument, "x");
        AssertError("New-CtrContainer x box:1 -Memory plenty", "ParameterArgumentTransformationError", ErrorCategory.InvalidData, null);
        AssertError("New-CtrContainer x box:1 -Network bridge", "ParameterArgumentValidationError", ErrorCategory.InvalidData, null);
        Assert.Empty(Invoke("Get-CtrContainer").Values);
    }

    [Fact]
    public void A_spec_that_is_no_JSON_or_not_there_ends_the_cmdlet_and_names_itself()
    {
        var path = Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, "this is no JSON");
        AssertError($"New-CtrContainer x box:1 -Spec {path}", "InvalidArgument", ErrorCategory.InvalidArgument, path);
        AssertError("'x', 'y' | New-CtrContainer -Image box:1 -Spec '{\"process\": '", "InvalidArgument", ErrorCategory.InvalidArgument, "{\"process\": ");
        AssertError($"New-CtrContainer x box:1 -Spec {path}.nothing", "NoSuchFile", ErrorCategory.ObjectNotFound, path + ".nothing");
        AssertError("New-CtrContainer x box:1 -Spec 12", "InvalidArgument", ErrorCategory.InvalidArgument, 12);
        AssertError("New-CtrContainer x -Spec '{}'", "InvalidArgument", ErrorCategory.InvalidArgument, "x");
        Assert.Empty(Invoke("Get-CtrContainer").Values);
    }

    [Fact]
    public async Task A_spec_is_taken_as_file_text_lines_and_object_and_its_unknown_fields_are_kept()
    {
        const string Spec = """{"ociVersion":"1.0.2","process":{"user":{"uid":0,"gid":0},"args":["sh","-c","exit 7"],"env":["PATH=/bin"],"cwd":"/"},"root":{"path":"rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"}],"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]},"x-ours":{"deep":[1,2.5,true,null,"text"]}}""";
        var path = Path.Combine(Server.TempDirectory, Guid.NewGuid().ToString("N"));
        await File.WriteAllTextAsync(path, Spec);
        var variables = ("spec", (object?)Spec);
        string[] scripts =
        [
            $"New-CtrContainer a box:1 -Spec {path}",
            "New-CtrContainer b box:1 -Spec $spec",
            "New-CtrContainer c box:1 -Spec $spec.Replace(',', \",`n\").Split(\"`n\")",
            $"New-CtrContainer d box:1 -Spec ([IO.FileInfo]'{path}')",
            "New-CtrContainer e box:1 -Spec @{ ociVersion = '1.0.2'; process = @{ user = @{ uid = 0; gid = 0 }; args = 'sh', '-c', 'exit 7'; env = @('PATH=/bin'); cwd = '/' }; root = @{ path = 'rootfs' }; mounts = @(@{ destination = '/proc'; type = 'proc'; source = 'proc' }); linux = @{ namespaces = @(@{ type = 'mount' }, @{ type = 'pid' }) }; 'x-ours' = [pscustomobject]@{ deep = 1, 2.5, $true, $null, 'text' } }",
        ];
        foreach (var script in scripts)
        {
            var container = Invoke(script, variables).Single<Container>();
            Assert.Equal(["sh", "-c", "exit 7"], container.Command);
            Assert.Equal("""{"deep":[1,2.5,true,null,"text"]}""", JsonNode.Parse(container.Spec!)!["x-ours"]!.ToJsonString());
        }

        await StartAsync("e");
        Assert.Equal(7, Invoke("Wait-CtrTask e").Single<ContainerTask>().ExitCode);
    }

    [Fact]
    public void The_other_parameters_change_a_given_spec()
    {
        var container = Invoke(
            "$spec = (New-CtrContainer first box:1).Spec; New-CtrContainer second box:1 -Spec $spec -Command true -Memory 32MB -User app -Label a=b -Network none").Single<Container>();
        var spec = JsonNode.Parse(container.Spec!)!;
        Assert.Equal(["true"], container.Command);
        Assert.Equal((32 << 20, 1000, "b"), ((int)spec["linux"]!["resources"]!["memory"]!["limit"]!, (int)spec["process"]!["user"]!["uid"]!, container.Labels["a"]));
    }

    private static IEnumerable<string> Texts(JsonNode array) => array.AsArray().Select(item => (string)item!);
}

public sealed class NewContainerTests16(Server16 server) : NewContainerTests(server), IClassFixture<Server16>;

public sealed class NewContainerTests17(Server17 server) : NewContainerTests(server), IClassFixture<Server17>;

public sealed class NewContainerTests2(Server2 server) : NewContainerTests(server), IClassFixture<Server2>;

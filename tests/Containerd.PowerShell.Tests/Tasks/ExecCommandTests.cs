using System.Management.Automation;
using System.Security.Cryptography;
using System.Text;
using Containerd.PowerShell.Tests.Containers;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Tasks;

public abstract class ExecCommandTests(ContainerdServer server) : ContainerRig(server)
{
    [Fact]
    public void Stdout_is_lines_and_stderr_is_in_the_information_stream_with_its_tag()
    {
        StartWeb();

        var result = Invoke("Invoke-CtrExec web sh, '-c', 'echo one; echo two; echo oops >&2; printf \"no break\"'");

        Assert.Equal(["one", "two", "no break"], result.Values);
        var record = Assert.Single(result.Information);
        Assert.Equal(("oops", "web"), (record.ToString(), record.Source));
        Assert.Contains("stderr", record.Tags);
        Assert.Equal(["one", "oops"], Invoke("Invoke-CtrExec web sh, '-c', 'echo one; sleep 0.2; echo oops >&2' 6>&1 | ForEach-Object { \"$_\" }").Values);
    }

    [Fact]
    public void A_warning_on_stderr_stops_no_script_and_an_exit_code_does()
    {
        StartWeb();

        Assert.Equal(["after"], Invoke("$ErrorActionPreference = 'Stop'; Invoke-CtrExec web sh, '-c', 'echo careful >&2'; 'after'").Values);
        var stopped = Module.Invoke("$ErrorActionPreference = 'Stop'; Invoke-CtrExec web false; 'after'");
        Assert.Empty(stopped.Values);
        Assert.StartsWith("ProcessExitedNonZero", stopped.SingleError().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void The_exit_code_is_in_LASTEXITCODE_and_one_error_carries_it()
    {
        StartWeb();

        var error = AssertError("Invoke-CtrExec web sh, '-c', 'echo lost no line; exit 3'", "ProcessExitedNonZero", ErrorCategory.FromStdErr, "web");
        Assert.Equal(3, Assert.IsType<ProcessExitedException>(error.Exception).ExitCode);
        Assert.Equal([3, false, 0, true, 137], Module.Invoke(
            "Invoke-CtrExec web sh, '-c', 'exit 3'; $ok = $?; $LASTEXITCODE; $ok; Invoke-CtrExec web true; $ok = $?; $LASTEXITCODE; $ok; Invoke-CtrExec web sh, '-c', 'kill -9 $$'; $LASTEXITCODE").Values);
        Assert.Contains("SIGKILL", Module.Invoke("Invoke-CtrExec web sh, '-c', 'kill -9 $$'").SingleError().ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_run_is_an_error_and_never_an_old_exit_code()
    {
        StartWeb();
        Invoke("$null = New-CtrContainer idle box:1");

        AssertError("Invoke-CtrExec web no-such-program", "NoSuchProgram", ErrorCategory.ObjectNotFound, "web");
        AssertError("Invoke-CtrExec web /etc/passwd", "PermissionDenied", ErrorCategory.PermissionDenied, "web");
        AssertError("Invoke-CtrExec nobody id", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        AssertError("Invoke-CtrExec idle id", "ContainerNotRunning", ErrorCategory.ObjectNotFound, "idle");
        AssertError("Invoke-CtrExec web id -User nobody-knows", "InvalidArgument", ErrorCategory.InvalidArgument, "web");
        Assert.Equal([127, 126, 125], Module.Invoke(
            "Invoke-CtrExec web no-such-program; $LASTEXITCODE; Invoke-CtrExec web /etc/passwd; $LASTEXITCODE; Invoke-CtrExec nobody id; $LASTEXITCODE").Values);
    }

    [Fact]
    public void PassThru_gives_all_in_one_object_and_no_error()
    {
        StartWeb();

        var result = Invoke("Invoke-CtrExec web sh, '-c', 'echo out; echo err >&2; exit 4' -PassThru; $LASTEXITCODE");

        var process = (ProcessResult)result.Values[0];
        Assert.Equal(("web", 4, "out\n", "err\n", false), (process.ContainerId, process.ExitCode, process.StandardOutput, process.StandardError, process.OutputStillOpen));
        Assert.InRange(process.Duration!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Equal(4, result.Values[1]);
        Assert.Empty(result.Information);
    }

    [Fact]
    public void Bytes_stay_as_they_are_down_the_pipeline_and_into_files()
    {
        StartWeb();
        var (input, output) = (Path.Combine(Server.Directory, "in.bin"), Path.Combine(Server.Directory, "out.bin"));
        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        File.WriteAllBytes(input, bytes);

        var piped = Invoke($"Invoke-CtrExec web cat -InFile {input} -AsByteStream").Values.SelectMany(piece => (byte[])piece).ToArray();
        Invoke($"Invoke-CtrExec web cat -InFile {input} -OutFile {output}");
        var fed = Invoke("$bytes | Invoke-CtrExec web md5sum", ("bytes", bytes[..100_000])).Values;

        Assert.Equal(bytes, piped);
        Assert.Equal(bytes, File.ReadAllBytes(output));
        Assert.StartsWith(Convert.ToHexStringLower(MD5.HashData(bytes.AsSpan(0, 100_000))), (string)Assert.Single(fed), StringComparison.Ordinal);
    }

    [Fact]
    public void Files_are_overwritten_or_appended_to_and_may_be_one()
    {
        StartWeb();
        var file = Path.Combine(Server.Directory, "both");
        File.WriteAllText(file, "old");

        Assert.Empty(Invoke($"Invoke-CtrExec web sh, '-c', 'echo out; echo err >&2' -OutFile {file} -ErrorFile {file}").Values);
        Invoke($"$null = $ExecutionContext.SessionState.Path.SetLocation('{Server.Directory}'); Invoke-CtrExec web echo, more -OutFile both -Append; $null = $ExecutionContext.SessionState.Path.SetLocation('/')");

        Assert.Equal(["err", "more", "out"], File.ReadAllLines(file).Order());
        AssertError("Invoke-CtrExec web id -OutFile /no/such/directory/file", "NoSuchFile", ErrorCategory.ObjectNotFound, "/no/such/directory/file");
        AssertError("Invoke-CtrExec web id -InFile /no/such/file", "NoSuchFile", ErrorCategory.ObjectNotFound, "/no/such/file");
        AssertError($"1 | Invoke-CtrExec web id -InFile {file}", "InvalidArgument", ErrorCategory.InvalidArgument, null);
        AssertError("Invoke-CtrExec web id -AsByteStream -PassThru", "InvalidArgument", ErrorCategory.InvalidArgument, null);
    }

    [Fact]
    public void The_pipeline_feeds_stdin_as_lines_and_ends_it()
    {
        StartWeb();

        Assert.Equal(["1", "zwei", "äöü€😀"], Invoke("1, 'zwei', 'äöü€😀' | Invoke-CtrExec web cat").Values);
        Assert.Equal(["0"], Invoke("@() | Invoke-CtrExec web wc, '-c'").Values);
        Assert.Equal(["0"], Invoke("Invoke-CtrExec web wc, '-c'").Values);
        Assert.Equal(["100000"], Invoke("1..100000 | Invoke-CtrExec web wc, '-l'").Values);
        Assert.Equal(["1", "2"], Invoke("1..1000000 | Invoke-CtrExec web head, '-n', 2").Values);
    }

    [Fact]
    public void What_the_process_answers_comes_while_it_is_still_being_fed()
    {
        StartWeb();

        var values = Invoke("& { 'first'; $null = $got.Wait(20000); 'second' } | Invoke-CtrExec web sh, '-c', 'while read line; do echo $line; done' | ForEach-Object { $got.Set(); $_ }", ("got", new ManualResetEventSlim())).Values;

        Assert.Equal(["first", "second"], values);
    }

    [Fact]
    public void Piped_containers_are_each_executed_in_side_by_side()
    {
        Invoke("$null = New-CtrContainer web1, web2, web3 box:1 sleep 600 -Env NAME=x | Start-CtrTask -NoLog");

        var results = Invoke("Get-CtrContainer | Invoke-CtrExec -Command sh, '-c', 'sleep 0.3; echo hi' -PassThru").Values.Cast<ProcessResult>().ToArray();
        Assert.Equal(["web1", "web2", "web3"], results.Select(result => result.ContainerId).Order());
        Assert.All(results, result => Assert.Equal("hi\n", result.StandardOutput));
        Assert.Equal(3, Invoke("Get-CtrTask | Invoke-CtrExec -Command true -PassThru").Values.Count);
        Assert.Equal(["in", "in"], Invoke("'in' | Invoke-CtrExec web1, web2 cat").Values);
    }

    [Fact]
    public void Environment_user_and_directory_are_as_asked_for()
    {
        StartWeb();

        Assert.Equal(["uid=1000(app) gid=1000(app) groups=10(wheel),1000(app),2000(extra)", "/tmp", "a b"], Invoke(
            "Invoke-CtrExec web sh, '-c', 'id; pwd; echo $X' -User app -WorkingDirectory /tmp -Env @{ X = 'a b' }").Values);
        Assert.Matches("^/dev/pts/", (string)Assert.Single(Invoke("Invoke-CtrExec web tty -Tty").Values));
    }

    [Fact]
    public void T10_a_child_that_holds_the_output_is_told()
    {
        StartWeb();

        var result = Invoke("Invoke-CtrExec web sh, '-c', 'sleep 30 & echo said'");

        Assert.Equal(["said"], result.Values);
        Assert.Contains("still holds its output", Assert.Single(result.Warnings), StringComparison.Ordinal);
        Assert.True(Invoke("Invoke-CtrExec web sh, '-c', 'sleep 30 & echo said' -PassThru").Single<ProcessResult>().OutputStillOpen);
    }

    [Fact]
    public void Ctrl_C_and_a_pipeline_that_has_enough_end_the_process_at_once()
    {
        StartWeb();

        var (result, took) = Module.InvokeAndStop("Invoke-CtrExec web sh, '-c', 'sleep 501 & echo up; while :; do sleep 502; done'", output => output.Count > 0);
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        (result, took) = Module.InvokeAndStop("Invoke-CtrExec web yes | ForEach-Object { if (-not $seen) { $seen = 1; $_ }; [Threading.Thread]::Sleep(20) }", output => output.Count > 0);
        Assert.True(result.Stopped);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        var enough = Module.Invoke("Invoke-CtrExec web yes | & { process { $_; throw 'enough' } }");
        Assert.Equal((1, "enough"), (enough.Values.Count, enough.SingleError().ToString()));
        (result, took) = Module.InvokeAndStop("1..10 | Invoke-CtrExec web sh, '-c', 'cat; sleep 503'", output => output.Count == 10);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));

        Assert.Single(Invoke("for ($i = 0; @(Get-CtrProcess web).Count -gt 1 -and $i -lt 100; $i++) { [Threading.Thread]::Sleep(50) }; Get-CtrProcess web").Values);
    }

    [Fact]
    public void A_text_without_an_id_is_refused_and_WhatIf_runs_nothing()
    {
        StartWeb();

        Assert.Contains("Id", Module.Invoke("'SELECT 1' | Invoke-CtrExec -Command id").SingleError().ToString(), StringComparison.Ordinal);
        Invoke("Invoke-CtrExec web touch, /tmp/made -WhatIf; Start-CtrExec web touch, /tmp/made -WhatIf");
        Assert.Equal(1, Module.Invoke("Invoke-CtrExec web test, '-e', /tmp/made; $LASTEXITCODE").Values[0]);
    }

    [Fact]
    public void Sixty_four_megabytes_come_whole()
    {
        StartWeb();
        var file = Path.Combine(Server.Directory, "big");

        Invoke($"Invoke-CtrExec web sh, '-c', 'seq 1 9000000' -OutFile {file}");
        var expected = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 1; i <= 9_000_000; i++)
            expected.AppendData(Encoding.ASCII.GetBytes($"{i}\n"));
        using var stream = File.OpenRead(file);
        Assert.True(stream.Length > 64 << 20);
        Assert.Equal(expected.GetHashAndReset(), SHA256.HashData(stream));

        Assert.Equal(1_000_000, Invoke("$n = 0; Invoke-CtrExec web seq, 1, 1000000 | ForEach-Object { $n++ }; $n").Values[0]);
    }

    private void StartWeb() => Invoke("$null = New-CtrContainer web box:1 sleep 600 | Start-CtrTask -NoLog");
}

public sealed class ExecCommandTests16(Server16 server) : ExecCommandTests(server), IClassFixture<Server16>;

public sealed class ExecCommandTests17(Server17 server) : ExecCommandTests(server), IClassFixture<Server17>;

public sealed class ExecCommandTests2(Server2 server) : ExecCommandTests(server), IClassFixture<Server2>;

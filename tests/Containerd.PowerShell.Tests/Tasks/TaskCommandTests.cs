using System.Diagnostics;
using System.Management.Automation;
using Containerd.PowerShell.Tests.Containers;
using Containerd.Testing;
using Xunit;

namespace Containerd.PowerShell.Tests.Tasks;

public abstract class TaskCommandTests(ContainerdServer server) : ContainerRig(server)
{
    private const string Trap = "$trap = 'sh', '-c', 'trap \"exit 3\" TERM; trap \"exit 4\" USR1; while :; do sleep 0.05; done';";

    [Fact]
    public void Tasks_are_found_by_id_and_wildcard_and_what_is_missing_is_named()
    {
        Invoke("$null = New-CtrContainer web1, web2, db box:1 sleep 600 | Start-CtrTask -NoLog; $null = New-CtrContainer idle box:1 sleep 600");

        Assert.Equal(["db", "web1", "web2"], Invoke("Get-CtrTask").Values.Select(task => ((ContainerTask)task).Id));
        Assert.Equal(["web1", "web2"], Invoke("Get-CtrTask WEB*").Values.Select(task => ((ContainerTask)task).Id));
        Assert.Equal(["db", "web1"], Invoke("'web1', 'db' | Get-CtrTask").Values.Select(task => ((ContainerTask)task).Id).Order());
        Assert.Empty(Invoke("Get-CtrTask zz*").Values);
        AssertError("Get-CtrTask nobody", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        AssertError("Get-CtrTask idle", "ContainerNotRunning", ErrorCategory.ObjectNotFound, "idle");
        var beside = Module.Invoke("Get-CtrTask nobody, db");
        Assert.Equal("nobody", beside.SingleError().TargetObject);
        Assert.Equal("db", beside.Single<ContainerTask>().Id);
    }

    [Fact]
    public async Task A_piped_object_brings_its_id_its_session_and_its_namespace()
    {
        var other = Server.NewNamespace();
        await Server.ImportTestImageAsync(new TestImage { Name = Image }, other);
        Invoke($"$null = New-CtrContainer same box:1 sleep 600 | Start-CtrTask -NoLog; $second = New-CtrSession {Server.Address} -Namespace {other} -Name second; $null = New-CtrContainer same box:1 sleep 600 -Session second | Start-CtrTask -NoLog");

        var stopped = Invoke("Get-CtrContainer same -Session second | Stop-CtrTask -Timeout 0 -PassThru").Single<ContainerTask>();
        Assert.Equal(("same", other, "second"), (stopped.Id, stopped.Namespace, stopped.Session.Name));
        Assert.Equal(TaskState.Running, Invoke("Get-CtrTask same").Single<ContainerTask>().State);

        Assert.Equal(other, Invoke($"Get-CtrTask -Namespace {other} | Remove-CtrTask -PassThru").Single<ContainerTask>().Namespace);
        Assert.Equal(Namespace, Invoke("Get-CtrTask | Suspend-CtrTask -PassThru").Single<ContainerTask>().Namespace);
        Invoke("Remove-CtrTask same -Force; Get-CtrContainer -Session second | Remove-CtrContainer");
    }

    [Fact]
    public void Stop_lets_the_process_end_or_kills_it_and_WhatIf_does_neither()
    {
        Invoke(Trap + "$null = New-CtrContainer nice, other box:1 -Command $trap | Start-CtrTask -NoLog; $null = New-CtrContainer stubborn box:1 sleep 600 | Start-CtrTask -NoLog; [Threading.Thread]::Sleep(500)");

        Invoke("Stop-CtrTask * -WhatIf");
        Assert.All(Invoke("Get-CtrTask").Values, task => Assert.Equal(TaskState.Running, ((ContainerTask)task).State));
        Assert.Equal(3, Invoke("Stop-CtrTask nice -PassThru").Single<ContainerTask>().ExitCode);
        Assert.Equal(4, Invoke("Stop-CtrTask other -Signal usr1 -PassThru").Single<ContainerTask>().ExitCode);
        Assert.Equal(137, Invoke("Stop-CtrTask stub* -Timeout 0.2 -PassThru").Single<ContainerTask>().ExitCode);
        Assert.Empty(Invoke("Stop-CtrTask nice").Values);
        Assert.Contains(Invoke("Stop-CtrTask nice -Verbose").Verbose, text => text.Contains("stopped already", StringComparison.Ordinal));
    }

    [Fact]
    public void Many_are_stopped_side_by_side()
    {
        Invoke("$null = 1..16 | ForEach-Object { \"w$_\" } | New-CtrContainer -Image box:1 -Command sleep, 600 | Start-CtrTask -NoLog");
        var clock = Stopwatch.StartNew();

        Assert.Equal(16, Invoke("Get-CtrContainer | Stop-CtrTask -Timeout 2 -PassThru").Values.Count);

        // One after the other they would take 32 s.
        Assert.InRange(clock.Elapsed, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(16));
    }

    [Fact]
    public void A_task_is_suspended_and_resumed_and_the_wrong_state_is_an_error()
    {
        Invoke("$null = New-CtrContainer web box:1 sleep 600 | Start-CtrTask -NoLog");

        AssertError("Resume-CtrTask web", "FailedPrecondition", ErrorCategory.InvalidOperation, "web");
        Assert.Equal(TaskState.Paused, Invoke("Suspend-CtrTask web -PassThru").Single<ContainerTask>().State);
        AssertError("Suspend-CtrTask web", "FailedPrecondition", ErrorCategory.InvalidOperation, "web");
        AssertError("Invoke-CtrExec web id", "FailedPrecondition", ErrorCategory.InvalidOperation, "web");
        Assert.Equal(TaskState.Running, Invoke("Get-CtrTask | Where-Object State -eq Paused | Resume-CtrTask -PassThru").Single<ContainerTask>().State);
        AssertError("Suspend-CtrTask nobody", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
    }

    [Fact]
    public void Wait_gives_each_as_it_ends_and_what_runs_on_is_an_error()
    {
        Invoke("$null = New-CtrContainer slow box:1 -Command sh, '-c', 'sleep 1; exit 1' | Start-CtrTask; $null = New-CtrContainer quick box:1 -Command sh, '-c', 'exit 2' | Start-CtrTask; $null = New-CtrContainer ever box:1 sleep 600 | Start-CtrTask");

        Assert.Equal([2, 1], Invoke("Wait-CtrTask slow, quick | ForEach-Object ExitCode").Values);
        var result = Module.Invoke("Wait-CtrTask * -Timeout 0.5");
        Assert.Equal(2, result.Values.Count);
        var error = result.SingleError();
        Assert.Equal(("Timeout", ErrorCategory.OperationTimeout, "ever"), (error.FullyQualifiedErrorId.Split(',')[0], error.CategoryInfo.Category, error.TargetObject));
    }

    [Fact]
    public void A_signal_goes_by_name_or_number_and_to_whom_it_is_meant()
    {
        Invoke(Trap + "$null = New-CtrContainer a, b box:1 -Command $trap | Start-CtrTask -NoLog; [Threading.Thread]::Sleep(500)");

        Invoke("Send-CtrSignal a USR1 -WhatIf; Send-CtrSignal a USR1; Send-CtrSignal b 15");
        Assert.Equal([("a", 4), ("b", 3)], Invoke("Wait-CtrTask a, b").Values.Cast<ContainerTask>().Select(task => (task.Id, task.ExitCode)).Order());
        AssertError("Send-CtrSignal a TERM", "ContainerNotRunning", ErrorCategory.ObjectNotFound, "a");
        Assert.StartsWith("ParameterArgumentTransformationError", Module.Invoke("Send-CtrSignal a NOTHING").SingleError().FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.StartsWith("ParameterArgumentTransformationError", Module.Invoke("Send-CtrSignal a 99").SingleError().FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void An_exec_process_is_started_and_piped_to_the_signal_that_ends_it()
    {
        Invoke("$null = New-CtrContainer web box:1 sleep 600 | Start-CtrTask -NoLog");
        var file = Path.Combine(Server.Directory, "exec-out");

        var exec = Invoke($"$exec = Start-CtrExec web -Command sh, '-c', 'trap \"echo got; exit\" USR1; echo up; cat; while :; do sleep 0.05; done' -Stdin in, put -OutFile {file}; $exec").Single<ExecProcess>();
        Assert.True(Directory.Exists($"/proc/{exec.Pid}"));
        Assert.Equal(("web", Namespace), (exec.ContainerId, exec.Namespace));
        Until(() => File.ReadAllText(file) == "up\nin\nput\n", "the process reads and writes");
        Invoke("$exec | Send-CtrSignal -Signal USR1");
        Until(() => File.ReadAllText(file) == "up\nin\nput\ngot\n", "the process heard the signal");
        Until(() => !Directory.Exists($"/proc/{exec.Pid}"), "the process has ended");
        var gone = Module.Invoke("do { [Threading.Thread]::Sleep(50); $Error.Clear(); $exec | Send-CtrSignal -Signal USR1 -ErrorAction SilentlyContinue } until ($Error[0].FullyQualifiedErrorId -like 'NoSuchExec*'); $Error[0].FullyQualifiedErrorId");
        Assert.Contains(gone.Values, id => ((string)id).StartsWith("NoSuchExec", StringComparison.Ordinal));
    }

    [Fact]
    public void A_task_is_removed_when_it_has_stopped_or_by_force()
    {
        Invoke("$null = New-CtrContainer runs, ends box:1 sleep 600 | Start-CtrTask -NoLog; Stop-CtrTask ends -Timeout 0");

        var error = AssertError("Remove-CtrTask runs", "FailedPrecondition", ErrorCategory.InvalidOperation, "runs");
        Assert.Contains("running", error.Exception.Message, StringComparison.Ordinal);
        Invoke("Remove-CtrTask * -Force -WhatIf; Remove-CtrTask ends");
        Assert.Equal(137, Invoke("Remove-CtrTask * -Force -PassThru").Single<ContainerTask>().ExitCode);
        Assert.Empty(Invoke("Get-CtrTask").Values);
        Assert.Equal(2, Invoke("Get-CtrContainer").Values.Count);
    }

    [Fact]
    public void Starting_twice_a_container_or_a_program_that_is_not_there_are_errors_about_the_container()
    {
        Invoke("$null = New-CtrContainer web box:1 sleep 600 | Start-CtrTask; $null = New-CtrContainer bad box:1 no-such-program; $null = New-CtrContainer denied box:1 /etc/passwd");

        AssertError("Start-CtrTask web", "FailedPrecondition", ErrorCategory.InvalidOperation, "web");
        AssertError("Start-CtrTask nobody", "NoSuchContainer", ErrorCategory.ObjectNotFound, "nobody");
        AssertError("Start-CtrTask bad", "NoSuchProgram", ErrorCategory.ObjectNotFound, "bad");
        AssertError("Start-CtrTask denied", "PermissionDenied", ErrorCategory.PermissionDenied, "denied");
        AssertError("Start-CtrTask bad -OutFile /no/such/directory/file", "NoSuchFile", ErrorCategory.ObjectNotFound, "/no/such/directory/file");
        AssertError("Start-CtrTask bad -InFile /no/such/file", "NoSuchFile", ErrorCategory.ObjectNotFound, "/no/such/file");
        Invoke("Start-CtrTask bad -WhatIf");
        Assert.Equal("web", Invoke("Get-CtrTask").Single<ContainerTask>().Id);
    }

    [Fact]
    public void Output_goes_to_the_files_that_are_named_once_cleared_and_then_appended_to()
    {
        var (output, errors) = (Path.Combine(Server.Directory, "out"), Path.Combine(Server.Directory, "err"));
        File.WriteAllText(output, "old\n");
        Invoke("$null = New-CtrContainer a, b box:1 -Command sh, '-c', 'cat; echo err >&2'");

        Invoke($"Start-CtrTask a, b -Stdin line -OutFile {output} -ErrorFile {errors} | Wait-CtrTask");
        Assert.Equal(("line\nline\n", "err\nerr\n"), (File.ReadAllText(output), File.ReadAllText(errors)));

        File.WriteAllText(output + ".in", "from a file\n");
        Invoke($"Start-CtrTask a -InFile {output}.in -OutFile {output} -ErrorFile {output} -Append | Wait-CtrTask");
        Assert.Equal(["err", "from a file", "line", "line"], File.ReadAllLines(output).Order());
    }

    [Fact]
    public void Ctrl_C_gives_the_prompt_back_at_once_and_leaves_the_containers_alone()
    {
        Invoke("$null = New-CtrContainer web box:1 -Command sh, '-c', 'trap \"\" TERM; echo up; while :; do sleep 0.05; done' | Start-CtrTask; [Threading.Thread]::Sleep(500)");

        foreach (var script in new[] { "Wait-CtrTask web", "Stop-CtrTask web -Timeout 60", "Get-CtrLog web -Follow" })
        {
            var (result, took) = Module.InvokeAndStop(script, TimeSpan.FromSeconds(1));
            Assert.True(result.Stopped, script);
            Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(1));
        }

        Assert.Equal(TaskState.Running, Invoke("Get-CtrTask web").Single<ContainerTask>().State);
    }

    private static void Until(Func<bool> condition, string what)
    {
        for (var waited = Stopwatch.StartNew(); !condition(); Thread.Sleep(20))
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), $"waited 20 s until {what}");
    }
}

public sealed class TaskCommandTests16(Server16 server) : TaskCommandTests(server), IClassFixture<Server16>;

public sealed class TaskCommandTests17(Server17 server) : TaskCommandTests(server), IClassFixture<Server17>;

public sealed class TaskCommandTests2(Server2 server) : TaskCommandTests(server), IClassFixture<Server2>;

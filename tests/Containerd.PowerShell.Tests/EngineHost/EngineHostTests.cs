using System.Diagnostics;
using Xunit;

namespace Containerd.PowerShell.Tests.EngineHost;

/// <summary>The host that runs build.ps1 and the demo where no pwsh is: what a script says must come out as pwsh would put it.</summary>
public sealed class EngineHostTests : IDisposable
{
    private readonly string _script = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N") + ".ps1");

    public void Dispose() => File.Delete(_script);

    [Fact]
    public async Task Arguments_are_bound_by_the_scripts_own_parameters()
    {
        var run = await RunAsync("param($Task, [switch] $Loud, [int] $Count, $Rest) \"$Task|$Loud|$($Count + 1)|$Rest\"", "-Count", "41", "-loud", "-Task:Test", "more");

        Assert.Equal(("Test|True|42|more\n", "", 0), run);
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("'said'; exit 0", 0)]
    [InlineData("sh -c 'exit 9'; 'went on'", 0)]
    [InlineData("sh -c 'exit 9'; exit $LASTEXITCODE", 9)]
    public async Task The_exit_code_is_the_scripts(string script, int expected) => Assert.Equal(expected, (await RunAsync(script)).ExitCode);

    [Fact]
    public async Task A_terminating_error_is_shown_where_errors_go_and_exits_with_1()
    {
        var (output, error, exitCode) = await RunAsync("'before'; throw 'out of luck'; 'after'");

        Assert.Equal("before\n", output);
        Assert.Contains("out of luck", error, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    [Fact]
    public async Task An_error_of_syntax_is_shown_and_exits_with_1()
    {
        var (_, error, exitCode) = await RunAsync("if (");

        Assert.Contains("Missing condition", error, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    [Fact]
    public async Task Objects_are_shown_as_tables_also_when_the_script_exits_right_after()
    {
        var (output, _, exitCode) = await RunAsync("[pscustomobject] @{ Name = 'web'; Pid = 42 }; exit 3");

        Assert.Matches(@"Name\s+Pid\s+----\s+---\s+web\s+42", output);
        Assert.DoesNotContain('\e', output);
        Assert.Equal(3, exitCode);
    }

    [Fact]
    public async Task Native_output_and_the_other_streams_come_out_in_order()
    {
        var run = await RunAsync("$VerbosePreference = 'Continue'; sh -c 'echo native'; $Host.UI.WriteLine('host'); $PSCmdlet; Import-Module Containerd.NotThere -ErrorAction Ignore; 'last'");

        Assert.Equal("native\nhost\nlast\n", run.Output);
    }

    [Fact]
    public async Task A_prompt_is_refused_instead_of_waited_for()
    {
        var (_, error, exitCode) = await RunAsync("$ErrorActionPreference = 'Stop'; $Host.UI.ReadLine()");

        Assert.Contains("unattended", error, StringComparison.Ordinal);
        Assert.Equal(1, exitCode);
    }

    [Fact]
    public async Task Ctrl_C_stops_the_pipeline_and_finally_blocks_run()
    {
        using var process = Start("try { 'ready'; while ($true) { } } finally { $Host.UI.WriteLine('cleaned up') }");
        Assert.Equal("ready", await process.StandardOutput.ReadLineAsync());

        using var interrupt = Process.Start("kill", ["-INT", $"{process.Id}"]);
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();

        Assert.Equal(("cleaned up\n", 130), (output, process.ExitCode));
    }

    private Task<(string Output, string Error, int ExitCode)> RunAsync(string script, params string[] arguments) =>
        EngineProcess.RunAsync(_script, script, arguments);

    private Process Start(string script) => EngineProcess.Start(_script, script);
}

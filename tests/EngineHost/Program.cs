using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace Containerd.EngineHost;

/// <summary>
/// Runs a PowerShell script on the engine from NuGet, for machines that have the .NET SDK and no pwsh:
/// <c>EngineHost script.ps1 -Name value …</c>. It behaves as <c>pwsh -NonInteractive -File</c> does: what the script writes is
/// formatted as at a prompt, <c>exit N</c> is the exit code, a terminating error exits with 1, Ctrl+C stops the pipeline.
/// </summary>
/// <remarks>
/// The engine brings the language, the core cmdlets (Import-Module, Where-Object, Out-Default, …) and the formatting of
/// objects, but neither Microsoft.PowerShell.Utility nor .Management: no Write-Host, Select-Object, Get-Content or Join-Path.
/// </remarks>
internal static class Program
{
    private const int Interrupted = 130;

    private static int Main(string[] arguments)
    {
        if (arguments.Length == 0)
        {
            Console.Error.WriteLine("usage: EngineHost script.ps1 [-Name value]... [value]...");
            return 2;
        }
        var path = Path.GetFullPath(arguments[0]);
        if (!File.Exists(path))
        {
            Console.Error.WriteLine($"EngineHost: there is no script {path}.");
            return 2;
        }
        Environment.SetEnvironmentVariable("POWERSHELL_TELEMETRY_OPTOUT", "1");

        var host = new ScriptHost();
        using var runspace = RunspaceFactory.CreateRunspace(host, InitialSessionState.CreateDefault2());
        runspace.Open();
        return Run(host, runspace, path, arguments[1..]);
    }

    private static int Run(ScriptHost host, Runspace runspace, string path, string[] arguments)
    {
        using var shell = PowerShell.Create(runspace);
        var interrupted = false;
        Console.CancelKeyPress += (_, key) =>
        {
            key.Cancel = true;
            interrupted = true;
            shell.BeginStop(null, null);
        };
        try
        {
            var (named, positional) = ScriptArguments.Bind(ScriptArguments.Parse(path), arguments);
            // Only a script that says 'exit' with another code than 0 makes $? false; the host takes the code, and the pipeline
            // still ends in order, so that Out-Default shows what it holds.
            shell.AddScript("param($path, $named, $positional) & $path @named @positional; if (-not $?) { $Host.SetShouldExit($LASTEXITCODE) }")
                .AddParameter("path", path).AddParameter("named", named).AddParameter("positional", positional);
            shell.Commands.Commands[0].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
            shell.AddCommand("Out-Default");
            shell.Invoke();
        }
        catch (PipelineStoppedException)
        {
            return interrupted ? Interrupted : host.ExitCode ?? 1;
        }
        catch (RuntimeException error)
        {
            Report(host, runspace, error);
            return host.ExitCode ?? 1;
        }
        return interrupted ? Interrupted : host.ExitCode ?? 0;
    }

    /// <summary>Shows a terminating error as a prompt does, with the engine's own view of errors.</summary>
    private static void Report(ScriptHost host, Runspace runspace, RuntimeException error)
    {
        using var shell = PowerShell.Create(runspace);
        shell.AddCommand("Out-Default").AddParameter("InputObject", error.ErrorRecord);
        host.UserInterface.Output = Console.Error;
        shell.Invoke();
    }
}

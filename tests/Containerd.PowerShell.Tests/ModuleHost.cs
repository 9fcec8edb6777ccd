using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Xunit;
using Shell = System.Management.Automation.PowerShell;

namespace Containerd.Testing;

/// <summary>What a script put out, stream by stream.</summary>
public sealed record ScriptResult(
    IReadOnlyList<PSObject> Output,
    IReadOnlyList<ErrorRecord> Errors,
    IReadOnlyList<string> Warnings,
    IReadOnlyList<string> Verbose,
    IReadOnlyList<ProgressRecord> Progress,
    IReadOnlyList<InformationRecord> Information,
    bool Stopped)
{
    /// <summary>The base objects of the output.</summary>
    public IReadOnlyList<object> Values => [.. Output.Select(o => o.BaseObject)];

    /// <summary>The one object of the output.</summary>
    public T Single<T>() => (T)Assert.Single(Values, value => value is T);

    /// <summary>The one error of the script, none else.</summary>
    public ErrorRecord SingleError() => Assert.Single(Errors);

    /// <summary>Fails with the errors' texts unless there are none.</summary>
    public ScriptResult WithoutErrors()
    {
        Assert.True(Errors.Count == 0, string.Join(Environment.NewLine, Errors.Select(e => $"{e.FullyQualifiedErrorId}: {e}")));
        return this;
    }
}

/// <summary>A runspace of the real PowerShell engine with the module imported from the repository's root, as a user would.</summary>
public sealed class ModuleHost : IDisposable
{
    /// <summary>Opens a runspace and imports the module.</summary>
    public ModuleHost()
    {
        var state = InitialSessionState.CreateDefault2();
        state.ThreadOptions = PSThreadOptions.UseNewThread;
        Runspace = RunspaceFactory.CreateRunspace(state);
        Runspace.Open();
        Invoke($"Import-Module '{Repository.PathOf("Containerd.psd1")}' -ErrorAction Stop").WithoutErrors();
    }

    /// <summary>The runspace.</summary>
    public Runspace Runspace { get; }

    /// <summary>Runs a script to its end. A terminating error is among the errors.</summary>
    /// <param name="script">The script.</param>
    /// <param name="variables">Variables to set before.</param>
    public ScriptResult Invoke(string script, params (string Name, object? Value)[] variables) => Run(script, null, variables).Result;

    /// <summary>Runs a script and stops it, as Ctrl+C does, after a while.</summary>
    /// <param name="script">The script.</param>
    /// <param name="after">When to stop it.</param>
    /// <param name="variables">Variables to set before.</param>
    /// <returns>What it put out, and how long the stop took.</returns>
    public (ScriptResult Result, TimeSpan StopTook) InvokeAndStop(string script, TimeSpan after, params (string Name, object? Value)[] variables) =>
        Run(script, async (_, cancellation) => await Task.Delay(after, cancellation), variables);

    /// <summary>Runs a script and stops it, as Ctrl+C does, once its output satisfies a condition.</summary>
    public (ScriptResult Result, TimeSpan StopTook) InvokeAndStop(
        string script, Func<IReadOnlyCollection<PSObject>, bool> when, params (string Name, object? Value)[] variables) =>
        Run(
            script,
            async (output, cancellation) =>
            {
                while (!when([.. output]))
                    await Task.Delay(20, cancellation);
            },
            variables);

    /// <summary>Closes the runspace and the sessions opened in it.</summary>
    public void Dispose()
    {
        Invoke("Get-CtrSession | Remove-CtrSession");
        Runspace.Dispose();
    }

    private (ScriptResult Result, TimeSpan StopTook) Run(
        string script, Func<PSDataCollection<PSObject>, CancellationToken, Task>? untilStop, (string Name, object? Value)[] variables)
    {
        foreach (var (name, value) in variables)
            Runspace.SessionStateProxy.SetVariable(name, value);
        using var shell = Shell.Create(Runspace);
        shell.AddScript(script);
        using var output = new PSDataCollection<PSObject>();
        var errors = new List<ErrorRecord>();
        var stopped = false;
        var stopTook = TimeSpan.Zero;
        try
        {
            var running = shell.BeginInvoke<PSObject, PSObject>(null, output);
            if (untilStop is not null)
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
                var condition = untilStop(output, patience.Token);
                while (!condition.IsCompleted && !running.IsCompleted)
                    Task.WaitAny([condition], 20);
                Assert.False(running.IsCompleted, "The script ended before it could be stopped.");
                condition.GetAwaiter().GetResult();
                var clock = Stopwatch.StartNew();
                shell.Stop();
                stopTook = clock.Elapsed;
            }

            shell.EndInvoke(running);
        }
        catch (PipelineStoppedException)
        {
            stopped = true;
        }
        catch (RuntimeException e)
        {
            errors.Add(e.ErrorRecord);
        }

        errors.InsertRange(0, shell.Streams.Error);
        return (
            new ScriptResult(
                [.. output], errors, [.. shell.Streams.Warning.Select(w => w.Message)], [.. shell.Streams.Verbose.Select(v => v.Message)],
                [.. shell.Streams.Progress], [.. shell.Streams.Information], stopped || shell.InvocationStateInfo.State == PSInvocationState.Stopped),
            stopTook);
    }
}

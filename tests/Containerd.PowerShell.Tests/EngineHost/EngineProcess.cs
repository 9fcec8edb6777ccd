using System.Diagnostics;
using Containerd.Testing;

namespace Containerd.PowerShell.Tests.EngineHost;

/// <summary>A script in a process of its own, on the engine that EngineHost brings.</summary>
internal static class EngineProcess
{
    /// <summary>Starts a script.</summary>
    /// <param name="path">Where to write it.</param>
    /// <param name="script">Its text.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="user">The number of the user to run as; by default our own.</param>
    public static Process Start(string path, string script, IEnumerable<string>? arguments = null, int? user = null)
    {
        File.WriteAllText(path, script);
        // This test's own output is …/bin/<configuration>/<framework>/, as EngineHost's is.
        var output = Path.GetRelativePath(Repository.PathOf("tests/Containerd.PowerShell.Tests"), AppContext.BaseDirectory);
        var host = Path.Combine(Repository.PathOf("tests/EngineHost"), output, "EngineHost.dll");
        string[] command = ["dotnet", host, path, .. arguments ?? []];
        if (user is { } id)
            command = ["setpriv", $"--reuid={id}", $"--regid={id}", "--clear-groups", .. command];
        return Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>Runs a script to its end.</summary>
    public static async Task<(string Output, string Error, int ExitCode)> RunAsync(
        string path, string script, IEnumerable<string>? arguments = null, int? user = null)
    {
        using var process = Start(path, script, arguments, user);
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (await output, await error, process.ExitCode);
    }
}

using System.Globalization;
using System.Management.Automation.Host;

namespace Containerd.EngineHost;

/// <summary>The host of one script: it knows the console and keeps the exit code.</summary>
internal sealed class ScriptHost : PSHost
{
    /// <summary>What the script gave to <c>exit</c>; null if it did not.</summary>
    public int? ExitCode { get; private set; }

    public override string Name => "EngineHost";

    public override Version Version { get; } = typeof(ScriptHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    /// <summary>What <see cref="UI"/> is, with what only this program knows of it.</summary>
    public ScriptUserInterface UserInterface { get; } = new();

    public override PSHostUserInterface UI => UserInterface;

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    // Nothing of the console is changed for the script, so a native command has nothing to be given back.
    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    public override void EnterNestedPrompt() => throw new NotSupportedException("EngineHost runs scripts without a person at the prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("EngineHost runs scripts without a person at the prompt.");
}

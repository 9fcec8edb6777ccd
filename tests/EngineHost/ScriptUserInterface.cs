using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace Containerd.EngineHost;

/// <summary>
/// Output to standard output, errors to standard error, the other streams with the prefix that pwsh gives them, progress as one
/// line that is overwritten, and only on a terminal. It never asks anything.
/// </summary>
internal sealed class ScriptUserInterface : PSHostUserInterface
{
    private readonly Lock _console = new();
    private int _progressWidth;

    /// <summary>Where output goes; errors go to standard error.</summary>
    public TextWriter Output { get; set; } = Console.Out;

    public override PSHostRawUserInterface RawUI { get; } = new ScriptRawUserInterface();

    // Colours only where someone sees them, not in a log.
    public override bool SupportsVirtualTerminal => !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null;

    public override void Write(string value) => Print(Output, value);

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value) => Print(Output, value + Environment.NewLine);

    public override void WriteErrorLine(string value) => Print(Console.Error, value + Environment.NewLine);

    public override void WriteWarningLine(string message) => WriteLine("WARNING: " + message);

    public override void WriteVerboseLine(string message) => WriteLine("VERBOSE: " + message);

    public override void WriteDebugLine(string message) => WriteLine("DEBUG: " + message);

    public override void WriteInformation(InformationRecord record)
    {
        // The engine writes an information record through WriteLine when it is to be shown.
    }

    public override void WriteProgress(long sourceId, ProgressRecord record)
    {
        if (Console.IsErrorRedirected)
            return;
        lock (_console)
        {
            ClearProgress();
            if (record.RecordType == ProgressRecordType.Completed)
                return;
            var percent = record.PercentComplete >= 0 ? $" {record.PercentComplete}%" : "";
            var line = $"{record.Activity}: {record.StatusDescription}{percent}";
            line = line.Length < RawUI.BufferSize.Width ? line : line[..(RawUI.BufferSize.Width - 1)];
            Console.Error.Write(line);
            _progressWidth = line.Length;
        }
    }

    public override string ReadLine() => throw Unattended();

    public override SecureString ReadLineAsSecureString() => throw Unattended();

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw Unattended();

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => throw Unattended();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw Unattended();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName, PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw Unattended();

    private static HostException Unattended() => new("EngineHost runs scripts unattended: give every mandatory parameter, and -Confirm:$false where it is asked for.");

    private void Print(TextWriter writer, string text)
    {
        lock (_console)
        {
            ClearProgress();
            writer.Write(GetOutputString(text, SupportsVirtualTerminal));
        }
    }

    private void ClearProgress()
    {
        if (_progressWidth > 0)
            Console.Error.Write('\r' + new string(' ', _progressWidth) + '\r');
        _progressWidth = 0;
    }
}

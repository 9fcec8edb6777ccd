using System.Globalization;
using System.Management.Automation;
using Containerd.Client.Images;
using Containerd.PowerShell.Pipeline;

namespace Containerd.PowerShell.Commands.Images;

/// <summary>Shows how far an import has come, a bar for each import.</summary>
internal sealed class ImportProgressBar(CommandOutput output, string path) : IProgress<ImportProgress>
{
    private static int s_lastId;

    private readonly int _id = Interlocked.Increment(ref s_lastId);
    private readonly string _activity = $"Importing {Path.GetFileName(Path.TrimEndingDirectorySeparator(path))}";
    private ImportPhase? _phase;

    /// <inheritdoc/>
    public void Report(ImportProgress value)
    {
        if (_phase != value.Phase)
        {
            _phase = value.Phase;
            output.WriteVerbose(value.Phase switch
            {
                ImportPhase.Reading => $"Reading '{path}' to see what is in it.",
                ImportPhase.Writing => $"Writing the content of '{path}' to the server.",
                _ => $"Unpacking the {value.Total} layers of '{value.Subject}'.",
            });
        }

        output.WriteProgress(new ProgressRecord(_id, _activity, Status(value))
        {
            CurrentOperation = value.Subject,
            PercentComplete = value.Total > 0 ? (int)Math.Min(100, value.Done * 100 / value.Total) : -1,
        });
    }

    /// <summary>Takes the bar away.</summary>
    public void End() => output.WriteProgress(new ProgressRecord(_id, _activity, "Done") { RecordType = ProgressRecordType.Completed });

    private static string Status(ImportProgress value) => value.Phase switch
    {
        ImportPhase.Reading => $"Reading: {Amount(value)}",
        ImportPhase.Writing => $"Writing: {Amount(value)}",
        _ => $"Unpacking: layer {Math.Min(value.Done + 1, value.Total)} of {value.Total}",
    };

    private static string Amount(ImportProgress value) => value.Total > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{MiB(value.Done):N1} of {MiB(value.Total):N1} MiB")
        : string.Create(CultureInfo.InvariantCulture, $"{MiB(value.Done):N1} MiB");

    private static double MiB(long bytes) => bytes / (double)(1 << 20);
}

using System.Collections.Concurrent;
using System.Management.Automation;

namespace Containerd.PowerShell.Pipeline;

/// <summary>
/// What a cmdlet's asynchronous work writes to: every stream of PowerShell, from any thread. The entries are written in
/// order by the pipeline's own thread, which alone may do so. Objects are bounded: a slow reader slows the work.
/// </summary>
internal sealed class CommandOutput : IDisposable
{
    private const int MostPendingObjects = 256;
    private const long ProgressIntervalMilliseconds = 100;

    private readonly BlockingCollection<Action<Cmdlet>?> _entries = [];
    private readonly SemaphoreSlim _room = new(MostPendingObjects);
    private readonly ConcurrentDictionary<int, long> _lastProgress = new();

    /// <summary>Writes an object to the pipeline; waits while the reader is behind.</summary>
    /// <param name="value">The object.</param>
    /// <param name="enumerate">True to write a collection's elements one by one.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when the object is on its way.</returns>
    public async ValueTask WriteObjectAsync(object? value, CancellationToken cancellationToken, bool enumerate = false)
    {
        if (!_room.Wait(0, CancellationToken.None))
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        _entries.Add(
            cmdlet =>
            {
                _room.Release();
                cmdlet.WriteObject(value, enumerate);
            },
            CancellationToken.None);
    }

    /// <summary>Does something on the pipeline's thread, in order with all else. How many such entries wait is up to the caller.</summary>
    /// <param name="entry">What to do.</param>
    public void Write(Action<Cmdlet> entry) => _entries.Add(entry);

    /// <summary>Writes a non-terminating error.</summary>
    /// <param name="record">The error.</param>
    public void WriteError(ErrorRecord record) => _entries.Add(cmdlet => cmdlet.WriteError(record));

    /// <summary>Writes a warning: something the user should act on.</summary>
    /// <param name="text">The warning.</param>
    public void WriteWarning(string text) => _entries.Add(cmdlet => cmdlet.WriteWarning(text));

    /// <summary>Says a step of the work.</summary>
    /// <param name="text">The step.</param>
    public void WriteVerbose(string text) => _entries.Add(cmdlet => cmdlet.WriteVerbose(text));

    /// <summary>Writes to the information stream.</summary>
    /// <param name="record">The record, with its source and tags.</param>
    public void WriteInformation(InformationRecord record) => _entries.Add(cmdlet => cmdlet.WriteInformation(record));

    /// <summary>Shows progress, at most ten times a second for an activity; its end is always shown.</summary>
    /// <param name="record">The progress.</param>
    public void WriteProgress(ProgressRecord record)
    {
        var now = Environment.TickCount64;
        if (record.RecordType != ProgressRecordType.Completed
            && _lastProgress.TryGetValue(record.ActivityId, out var last) && now - last < ProgressIntervalMilliseconds)
        {
            return;
        }

        _lastProgress[record.ActivityId] = now;
        _entries.Add(cmdlet => cmdlet.WriteProgress(record));
    }

    /// <summary>Wakes the pipeline's thread, so that it looks at what it waits for.</summary>
    public void Wake() => _entries.Add(null);

    /// <summary>Takes the next entry, waiting for one.</summary>
    /// <param name="timeout">How long to wait.</param>
    /// <param name="entry">The entry; null where somebody only woke the thread.</param>
    /// <returns>False when nothing came in time.</returns>
    public bool TryTake(TimeSpan timeout, out Action<Cmdlet>? entry) => _entries.TryTake(out entry, timeout);

    /// <summary>Ends the queue; whoever still writes writes into the void.</summary>
    public void Dispose()
    {
        _entries.Dispose();
        _room.Dispose();
    }
}

using System.Runtime.CompilerServices;
using Containerd.Client.Io;
using Microsoft.Win32.SafeHandles;

namespace Containerd.Client.Tasks;

/// <summary>Reads a log as lines: from its beginning or its last ones on, to its end or as long as its process runs.</summary>
/// <param name="path">The file.</param>
internal sealed class LogFile(string path)
{
    private const int BufferSize = 64 * 1024;

    // The shim may still be writing what the process left in the pipe when its exit is told.
    private static readonly TimeSpan s_settle = TimeSpan.FromMilliseconds(300);

    // Some file systems tell nobody of a change.
    private static readonly TimeSpan s_look = TimeSpan.FromSeconds(1);

    /// <summary>The lines, in lists of those that were there together.</summary>
    /// <param name="tail">How many of the last lines to begin with; null for all.</param>
    /// <param name="ended">Completes when the process has ended; what is written until then is read too.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<string>> ReadAsync(int? tail, Task ended, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.Asynchronous);
        var position = tail is { } count ? FindTail(file, count) : 0;
        using var changes = ended.IsCompleted ? null : new FileChanges(path);
        var decoder = new LineDecoder();
        var buffer = new byte[BufferSize];
        while (true)
        {
            var isOver = ended.IsCompleted;
            var read = await RandomAccess.ReadAsync(file, buffer, position, cancellationToken).ConfigureAwait(false);
            if (read > 0)
            {
                position += read;
                var lines = new List<string>();
                decoder.Decode(buffer.AsSpan(0, read), lines);
                if (lines.Count > 0)
                    yield return lines;
                continue;
            }

            // Cut short by whoever rotates it: what comes now is at the beginning.
            if (RandomAccess.GetLength(file) < position)
            {
                position = 0;
                continue;
            }

            if (changes is null)
                break;
            var changed = await changes.WaitAsync(isOver ? s_settle : s_look, isOver ? Task.CompletedTask : ended, cancellationToken).ConfigureAwait(false);
            if (isOver && !changed)
                break;
        }

        var rest = new List<string>();
        decoder.Flush(rest);
        if (rest.Count > 0)
            yield return rest;
    }

    /// <summary>Where the last lines begin.</summary>
    private static long FindTail(SafeFileHandle file, int count)
    {
        var end = RandomAccess.GetLength(file);
        if (count <= 0 || end == 0)
            return count <= 0 ? end : 0;
        var buffer = new byte[BufferSize];
        var position = end;
        var breaks = 0;
        while (position > 0)
        {
            var start = Math.Max(0, position - BufferSize);
            var piece = buffer.AsSpan(0, RandomAccess.Read(file, buffer.AsSpan(0, (int)(position - start)), start));
            for (int at; (at = piece.LastIndexOf((byte)'\n')) >= 0; piece = piece[..at])
            {
                // The break that ends the last line begins none.
                if (start + at == end - 1)
                    continue;
                if (++breaks == count)
                    return start + at + 1;
            }

            position = start;
        }

        return 0;
    }
}

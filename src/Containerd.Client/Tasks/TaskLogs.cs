using System.Runtime.CompilerServices;
using Containerd.Client.Native;
using Containerd.Client.Wire;

namespace Containerd.Client.Tasks;

/// <summary>The logs of detached tasks: files on the server's host to which the shims append stdout and stderr, without any client.</summary>
public sealed class TaskLogs
{
    private readonly ContainerdClient _client;
    private readonly TaskCalls _calls;
    private readonly LogDirectory _directory;

    internal TaskLogs(ContainerdClient client)
    {
        _client = client;
        _calls = new TaskCalls(client.Scope);
        _directory = new LogDirectory(client.Scope.Channel.Options.Address, client.Namespace);
    }

    /// <summary>Whether logs can be kept: the server is on this machine, and runs on Linux.</summary>
    public bool IsAvailable => _client.Session.IsLocal && OperatingSystem.IsLinux();

    /// <summary>Makes the log of a container where it is missing (mode 0600), for <see cref="StartOptions.Stdout"/> and <see cref="StartOptions.Stderr"/>.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its path.</returns>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    /// <exception cref="IOException">The log can't be made.</exception>
    public async Task<string> MakeAsync(string id, CancellationToken cancellationToken)
    {
        EnsureAvailable(id);
        var container = await _calls.GetContainerAsync(id, cancellationToken).ConfigureAwait(false);
        return _directory.Make(id, CreatedAt(container));
    }

    /// <summary>
    /// Where the log of a container is: where its task writes, if that is a file, else where the log of its last task was kept by default.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="cancellationToken">Ends the calls.</param>
    /// <returns>The path.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no log.</exception>
    /// <exception cref="FailedPreconditionException">The server is not on this machine.</exception>
    public async Task<string> FindAsync(string id, CancellationToken cancellationToken)
    {
        EnsureAvailable(id);
        var where = await StdoutAsync(id, cancellationToken).ConfigureAwait(false);
        if (FileOf(where) is { } file)
            return file;
        var container = await _calls.GetContainerAsync(id, cancellationToken).ConfigureAwait(false);
        var path = _directory.PathOf(id, CreatedAt(container));
        if (File.Exists(path))
            return path;
        var why = where switch
        {
            "" or Io.StdioPaths.NullDevice => "it was started without one",
            _ when where.StartsWith("binary", StringComparison.Ordinal) => $"its output goes to a logging program ({where})",
            _ when Fifo.Exists(where) => "a client is attached to its output",
            _ => $"its output goes to {where}",
        };
        throw new NotFoundException(ResourceKind.Log, id, $"Container '{id}' has no log: {why}.");
    }

    /// <summary>Reads the log of a container.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="tail">How many of the last lines to begin with; null for all.</param>
    /// <param name="follow">Reads on until the task ends; a container without a running task is read to the end.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The lines, in lists of those that were there together.</returns>
    /// <exception cref="NotFoundException">There is no such container, or it has no log.</exception>
    /// <exception cref="FailedPreconditionException">The server is not on this machine.</exception>
    /// <exception cref="IOException">The log can't be read.</exception>
    public async IAsyncEnumerable<IReadOnlyList<string>> ReadAsync(
        string id, int? tail, bool follow, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var file = new LogFile(await FindAsync(id, cancellationToken).ConfigureAwait(false));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ended = follow ? EndAsync(id, over.Token) : Task.CompletedTask;
        try
        {
            await foreach (var lines in file.ReadAsync(tail, ended, cancellationToken).ConfigureAwait(false))
                yield return lines;

            // A server that is gone for good ends the log too, but not in silence.
            await ended.ConfigureAwait(false);
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await FailedStart.EndedAsync(ended).ConfigureAwait(false);
        }
    }

    /// <summary>Removes the log that was kept for a container by default. There may be none.</summary>
    /// <param name="id">The container's id.</param>
    /// <exception cref="IOException">It can't be removed.</exception>
    public void Remove(string id)
    {
        if (IsAvailable)
            _directory.Remove(id);
    }

    private static DateTimeOffset CreatedAt(Wire.Containers.Container container) => container.CreatedAt.ToTime() ?? DateTimeOffset.MinValue;

    private static string? FileOf(string stdout)
    {
        if (Uri.TryCreate(stdout, UriKind.Absolute, out var uri) && uri.IsFile)
            stdout = uri.LocalPath;
        return stdout.StartsWith('/') && File.Exists(stdout) && FileStatus.Of(stdout).Kind == FileKind.RegularFile ? stdout : null;
    }

    private async Task<string> StdoutAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            return (await _calls.GetAsync(id, "", cancellationToken).ConfigureAwait(false)).Stdout;
        }
        catch (NotFoundException e) when (e.Kind == ResourceKind.Task)
        {
            return "";
        }
    }

    private async Task EndAsync(string id, CancellationToken cancellationToken)
    {
        try
        {
            await new ExitWait(_calls, id, "").RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (NotFoundException)
        {
            // No task, or it was deleted meanwhile: nothing more will come.
        }
    }

    private void EnsureAvailable(string id)
    {
        if (!IsAvailable)
        {
            throw new FailedPreconditionException(
                $"Cannot use the log of container '{id}': it lies on the machine that containerd at {_client.Session.Address} runs on, and that is not this one.");
        }
    }
}

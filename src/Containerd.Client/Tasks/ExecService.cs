using System.Security.Cryptography;

namespace Containerd.Client.Tasks;

/// <summary>Further processes in running containers.</summary>
public sealed class ExecService
{
    private readonly ContainerdClient _client;
    private readonly TaskCalls _calls;
    private readonly ExecReaper _reaper;

    internal ExecService(ContainerdClient client, ExecReaper reaper)
    {
        _client = client;
        _reaper = reaper;
        _calls = new TaskCalls(client.Scope);
    }

    /// <summary>Executes a process to its end, with the caller at its streams. Cancelled, it kills the process and what that started.</summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">What to execute.</param>
    /// <param name="streams">What feeds and takes its streams.</param>
    /// <param name="cancellationToken">Kills the process.</param>
    /// <returns>How it ended. All of its output is with the sinks.</returns>
    /// <exception cref="NotFoundException">There is no such container, it does not run, or it has no such program.</exception>
    /// <exception cref="FailedPreconditionException">The container is paused or stopped, or the server is not on this machine.</exception>
    /// <exception cref="InvalidArgumentException">The options make no process.</exception>
    public async Task<ProcessOutcome> RunAsync(string id, ExecOptions options, ProcessStreams streams, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(streams);
        var spec = await new ExecSpec(_client, _calls, id).MakeAsync(options, cancellationToken).ConfigureAwait(false);
        var exec = new ExecCalls(_calls, id, NewId(), spec, _client.Session.IsLocal);
        return await new AttachedRun(_client, _calls, exec, streams).RunAsync(options.Terminal, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Starts a process that needs no client at its streams. The session deletes it when it has ended; where the session ends first, the shim
    /// keeps it until the container's task is deleted.
    /// </summary>
    /// <param name="id">The container's id.</param>
    /// <param name="options">What to execute.</param>
    /// <param name="streams">Where its streams lead; the options of a runtime count for nothing here.</param>
    /// <param name="cancellationToken">Ends the attempt; once the process runs, it runs.</param>
    /// <returns>The running process.</returns>
    /// <exception cref="NotFoundException">There is no such container, it does not run, or it has no such program.</exception>
    /// <exception cref="FailedPreconditionException">The container is paused or stopped.</exception>
    /// <exception cref="InvalidArgumentException">The options make no process.</exception>
    public async Task<ExecProcess> StartAsync(string id, ExecOptions options, StartOptions streams, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(streams);
        var spec = await new ExecSpec(_client, _calls, id).MakeAsync(options, cancellationToken).ConfigureAwait(false);
        var exec = new ExecCalls(_calls, id, NewId(), spec, _client.Session.IsLocal);
        var paths = DetachedStart.Streams(streams.Stdin, streams.Stdout, streams.Stderr, options.Terminal);
        var startedAt = DateTimeOffset.UtcNow;
        var pid = await DetachedStart.RunAsync(exec, paths, cancellationToken).ConfigureAwait(false);
        _reaper.Adopt(_calls, exec);
        return new ExecProcess
        {
            Session = _client.Session,
            Namespace = _client.Namespace,
            ContainerId = id,
            ExecId = exec.ExecId,
            Pid = pid,
            Command = spec.Args,
            StartedAt = startedAt,
            Stdout = streams.Stdout ?? "",
            Stderr = streams.Stderr ?? "",
        };
    }

    // An id is taken until its process is deleted, also after the exit (trap T13).
    private static string NewId() => "exec-" + RandomNumberGenerator.GetHexString(16, lowercase: true);
}

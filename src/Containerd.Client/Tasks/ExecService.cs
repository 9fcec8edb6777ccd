using System.Security.Cryptography;

namespace Containerd.Client.Tasks;

/// <summary>Further processes in running containers.</summary>
public sealed class ExecService
{
    private readonly ContainerdClient _client;
    private readonly TaskCalls _calls;

    internal ExecService(ContainerdClient client)
    {
        _client = client;
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

    // An id is taken until its process is deleted, also after the exit (trap T13).
    private static string NewId() => "exec-" + RandomNumberGenerator.GetHexString(16, lowercase: true);
}

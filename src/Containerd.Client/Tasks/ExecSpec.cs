using Containerd.Client.Oci;

namespace Containerd.Client.Tasks;

/// <summary>Makes the OCI process of an exec: the container's own, changed as the options say.</summary>
internal sealed class ExecSpec(ContainerdClient client, TaskCalls calls, string id)
{
    /// <exception cref="InvalidArgumentException">There is no command, or no such user.</exception>
    /// <exception cref="NotFoundException">There is no such container.</exception>
    public async Task<ProcessSpec> MakeAsync(ExecOptions options, CancellationToken cancellationToken)
    {
        if (options.Process is { } whole)
            return whole;
        if (options.Command.Count == 0 || options.Command[0].Length == 0)
            throw new InvalidArgumentException("Command", $"There is no command to execute in container '{id}'.");
        if (options.Command.Any(argument => argument.Contains('\0', StringComparison.Ordinal)))
            throw new InvalidArgumentException("Command", "An argument holds a NUL character, which no process can be given.");
        var container = await calls.GetContainerAsync(id, cancellationToken).ConfigureAwait(false);
        if (container.Spec is not { Value.Length: > 0 } stored)
            throw new FailedPreconditionException($"Cannot execute anything in container '{id}': it has no spec.");
        var spec = RuntimeSpec.Parse(stored.Value.Span);
        var process = spec.NewExecProcess();
        process.Args = options.Command;
        process.Env = EnvironmentList.Merge(options.Terminal ? WithTerm(process.Env) : process.Env, options.Env, spec.IsWindows);
        process.Cwd = options.WorkingDirectory ?? process.Cwd;
        process.Terminal = options.Terminal;
        process.ConsoleSize = options.ConsoleSize;
        if (options.User is not null)
            process.User = spec.IsWindows ? process.User with { Username = options.User } : await ResolveAsync(options.User, container, cancellationToken).ConfigureAwait(false);
        return process;
    }

    private static IReadOnlyList<string> WithTerm(IReadOnlyList<string> environment) =>
        EnvironmentList.Value(environment, "TERM") is null ? [.. environment, "TERM=xterm"] : environment;

    private async Task<ProcessUser> ResolveAsync(string user, Wire.Containers.Container container, CancellationToken cancellationToken)
    {
        Images.RootFiles? files = null;
        return await UserResolver.ResolveAsync(
            user,
            async (path, token) =>
            {
                // As the file system is now: a user that was added in the running container counts.
                files ??= client.Images.Files(
                    null,
                    container.SnapshotKey.Length == 0 ? [] : await client.Snapshots(container.Snapshotter).MountsAsync(container.SnapshotKey, token).ConfigureAwait(false));
                return await files.ReadAsync(path, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
    }
}

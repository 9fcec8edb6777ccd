using System.Text.Json.Nodes;

namespace Containerd.Client.Oci;

/// <summary>Makes the spec of a new container: containerd's default, the image's config on top, the user's wishes above all.</summary>
/// <remarks>
/// For Linux it is what ctr of containerd 1.6 to 2.1 makes, but for the differences that the golden test lists: more open
/// files allowed, a default PATH wherever the image has none, a command that follows the entrypoint instead of replacing it,
/// user mounts that replace default ones, and a privileged container that really is.
/// </remarks>
public static class SpecGenerator
{
    /// <summary>The version of the runtime spec written: the oldest that has all that is written, so that every runtime takes it.</summary>
    public const string SpecVersion = "1.0.2";

    /// <summary>Makes the spec, looking up the user in the image where that is needed.</summary>
    /// <param name="options">The image and the wishes.</param>
    /// <param name="readFile">
    /// Gives a text file of the image by its absolute path (/etc/passwd, /etc/group), or null where there is none. Called only
    /// for what is needed.
    /// </param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="InvalidArgumentException">A wish cannot be granted; it names the option.</exception>
    public static async ValueTask<RuntimeSpec> GenerateAsync(
        SpecOptions options, Func<string, CancellationToken, ValueTask<string?>> readFile, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (IsWindows(options))
            return WindowsSpec.Generate(options);
        ProcessUser user = options.User is { } typed
            ? await UserResolver.ResolveAsync(typed, readFile, cancellationToken).ConfigureAwait(false)
            : await UserResolver.ResolveImageUserAsync(options.Image?.Config.User, readFile, cancellationToken).ConfigureAwait(false);
        return LinuxSpec.Generate(options, user);
    }

    /// <summary>
    /// Makes the spec for a user who is known already: for Linux neither <see cref="SpecOptions.User"/> nor the image's user counts.
    /// </summary>
    /// <param name="options">The image and the wishes.</param>
    /// <param name="user">Who it runs as.</param>
    /// <exception cref="InvalidArgumentException">A wish cannot be granted; it names the option.</exception>
    public static RuntimeSpec Generate(SpecOptions options, ProcessUser user)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(user);
        return IsWindows(options) ? WindowsSpec.Generate(options) : LinuxSpec.Generate(options, user);
    }

    internal static RuntimeSpec NewSpec(ProcessSpec process) => new(new JsonObject { ["ociVersion"] = SpecVersion, ["process"] = process.Json });

    private static bool IsWindows(SpecOptions options)
    {
        string os = options.Os ?? (options.Image?.Os is { Length: > 0 } of ? of : "linux");
        return os switch
        {
            "windows" => true,
            "linux" => false,
            _ => throw new InvalidArgumentException(
                "Platform", $"A spec for '{os}' can't be made here, only for linux and windows; give the whole spec instead."),
        };
    }
}

using System.Text;

namespace Containerd.Client.Oci;

/// <summary>What a container runs, from its image and its user.</summary>
internal static class ProcessArguments
{
    /// <summary>
    /// The entrypoint followed by the command. An entrypoint of the user's own makes the image's command meaningless, so
    /// it is left out, as docker does.
    /// </summary>
    /// <exception cref="InvalidArgumentException">There is nothing to run, or an argument holds a NUL.</exception>
    public static IReadOnlyList<string> For(SpecOptions options)
    {
        ExecutionConfig image = options.Image?.Config ?? new();
        IReadOnlyList<string> entrypoint = options.Entrypoint ?? image.Entrypoint;
        IReadOnlyList<string> command = options.Command ?? (options.Entrypoint is null ? image.Cmd : []);
        string[] args = [.. entrypoint, .. command];
        if (args.Length == 0)
            throw new InvalidArgumentException("Command", options.Image is null
                ? "Without an image there is no command to run; give one."
                : "The image has neither an entrypoint nor a command to run; give one.");
        if (args[0].Length == 0)
            throw new InvalidArgumentException(entrypoint.Count > 0 ? "Entrypoint" : "Command", "The program to run has an empty name.");
        if (args.Any(argument => argument.Contains('\0', StringComparison.Ordinal)))
            throw new InvalidArgumentException("Command", "An argument holds a NUL character, which no process can be given.");
        return args;
    }

    /// <summary>
    /// Sets what a Windows process runs. Where docker marked the image's command as escaped, its one text goes first into the
    /// command line as it is, and only what the user added is quoted.
    /// </summary>
    public static void Set(ProcessSpec process, SpecOptions options)
    {
        IReadOnlyList<string> args = For(options);
        ExecutionConfig? image = options.Image?.Config;
        bool firstIsImages = image is not null && options.Entrypoint is null && (image.Entrypoint.Count > 0 || options.Command is null);
        process.Args = args;
        if (image is not { ArgsEscaped: true } || !firstIsImages)
            return;
        process.Json.Remove("args");
        process.CommandLine = string.Join(' ', args.Skip(1).Select(Quote).Prepend(args[0]));
    }

    /// <summary>Quotes an argument as CommandLineToArgvW takes it apart: backslashes count only before a quote.</summary>
    internal static string Quote(string argument)
    {
        if (argument.Length > 0 && !argument.AsSpan().ContainsAny(" \t\n\v\""))
            return argument;
        var quoted = new StringBuilder("\"");
        int backslashes = 0;
        foreach (char c in argument)
        {
            if (c == '"')
                quoted.Append('\\', backslashes + 1);
            backslashes = c == '\\' ? backslashes + 1 : 0;
            quoted.Append(c);
        }

        return quoted.Append('\\', backslashes).Append('"').ToString();
    }
}

namespace Containerd.Testing;

/// <summary>Where this repository lies: the tests run from an output directory somewhere below it.</summary>
public static class Repository
{
    /// <summary>The directory with the solution file.</summary>
    public static string Root { get; } = Find();

    /// <summary>The absolute path of something in the repository, by its path from the root.</summary>
    public static string PathOf(string relative) => Path.Combine(Root, relative);

    private static string Find()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
            if (File.Exists(Path.Combine(directory.FullName, "Containerd.slnx")))
                return directory.FullName;
        throw new DirectoryNotFoundException($"No Containerd.slnx above {AppContext.BaseDirectory}: run the tests from a build inside the repository.");
    }
}

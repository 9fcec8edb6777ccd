namespace Containerd.PowerShell.Processes;

/// <summary>The stdins of all processes that the pipeline feeds at once: each gets everything, and the slowest sets the pace.</summary>
/// <param name="onRoom">Called when one of them has made room.</param>
internal sealed class PipelineStdins(Action onRoom)
{
    private readonly List<PipelineStdin> _all = [];

    /// <summary>Whether another object may be written.</summary>
    public bool HaveRoom => _all.TrueForAll(stdin => stdin.HasRoom);

    /// <summary>One for another process; it has to be begun before the first object comes.</summary>
    public PipelineStdin Add()
    {
        var stdin = new PipelineStdin(onRoom);
        _all.Add(stdin);
        return stdin;
    }

    /// <summary>Writes an object of the pipeline.</summary>
    /// <param name="value">See <see cref="StdinText"/>.</param>
    public void Feed(object? value) => _all.ForEach(stdin => stdin.Feed(value));

    /// <summary>No more objects will come.</summary>
    public void Complete() => _all.ForEach(stdin => stdin.Complete());
}

namespace Containerd.PowerShell.Commands.Events;

/// <summary>What Get-EventSubscriber shows as the source of a Register-CtrEvent.</summary>
public sealed class ContainerdEventSource
{
    private readonly string _text;

    internal ContainerdEventSource(string text) => _text = text;

    /// <summary>
    /// Never raised: the engine's handler for an object's event gives each to the thread pool, where they overtake each other, so
    /// events go into the engine's queue directly. But only for a subscription to an object's event does the engine tell when it is ended.
    /// </summary>
    public event EventHandler<ContainerdEventArgs> EventReceived
    {
        add
        {
        }

        remove
        {
        }
    }

    /// <summary>Which events of which servers.</summary>
    public override string ToString() => _text;
}

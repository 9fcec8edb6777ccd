namespace Containerd;

/// <summary>What the action of Register-CtrEvent gets as $EventArgs.</summary>
/// <param name="containerdEvent">The event.</param>
public sealed class ContainerdEventArgs(ContainerdEvent containerdEvent) : EventArgs
{
    /// <summary>What happened.</summary>
    public ContainerdEvent Event { get; } = containerdEvent;
}

namespace Containerd;

/// <summary>Tells whose a container is: clients that keep state of their own about it leave a mark on it.</summary>
internal static class ContainerOwner
{
    /// <summary>The owner of a container.</summary>
    /// <param name="containerdNamespace">The namespace it lives in: dockerd keeps its containers in moby.</param>
    /// <param name="labels">Its labels: containerd's CRI plugin marks with io.cri-containerd.kind, nerdctl with nerdctl/….</param>
    /// <returns>Kubernetes, Docker or nerdctl; null for none of them.</returns>
    public static string? Of(string containerdNamespace, IReadOnlyDictionary<string, string> labels)
    {
        if (containerdNamespace is "moby" or "plugins.moby")
            return "Docker";
        if (labels.ContainsKey("io.cri-containerd.kind"))
            return "Kubernetes";
        return labels.Keys.Any(key => key.StartsWith("nerdctl/", StringComparison.Ordinal)) ? "nerdctl" : null;
    }
}

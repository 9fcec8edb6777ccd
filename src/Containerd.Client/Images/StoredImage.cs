using Containerd.Client.Oci;

namespace Containerd.Client.Images;

/// <summary>An image as the server keeps it, without a look into its content.</summary>
internal sealed record StoredImage(
    string Name, ContentDescriptor Target, IReadOnlyDictionary<string, string> Labels, DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    public static StoredImage From(Wire.Images.Image image) => new(
        image.Name,
        new ContentDescriptor(image.Target.MediaType, image.Target.Digest, image.Target.Size),
        new Dictionary<string, string>(image.Labels),
        image.CreatedAt.ToDateTimeOffset(),
        image.UpdatedAt.ToDateTimeOffset());
}

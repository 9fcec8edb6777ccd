using System.Security.Cryptography;
using Containerd.Client.Connection;

namespace Containerd.Client.Containers;

/// <summary>Makes ids for containers whose user gave none.</summary>
public static class ContainerId
{
    // No vowels and nothing that looks like something else: an id should be no word and easy to type.
    private const string Alphabet = "bcdfghjkmnpqrstvwxz23456789";
    private const int RandomLength = 7;
    private const int LongestName = 40;

    /// <summary>A new id that tells what the container is of: the last part of the image's name and seven random signs, such as busybox-k3f9x2m.</summary>
    /// <param name="origin">The image's name, or whatever the container is of; null for nothing.</param>
    /// <returns>The id.</returns>
    public static string New(string? origin)
    {
        var name = Readable(origin ?? "");
        var random = RandomNumberGenerator.GetString(Alphabet, RandomLength);
        var id = name.Length > 0 ? $"{name}-{random}" : $"ctr-{random}";
        return Identifier.IsValid(id) ? id : $"ctr-{random}";
    }

    private static string Readable(string origin)
    {
        var name = origin.Split('@')[0].TrimEnd('/');
        name = name[(name.LastIndexOf('/') + 1)..].Split(':')[0].ToLowerInvariant();
        return (name.Length > LongestName ? name[..LongestName] : name).TrimEnd('-', '_', '.');
    }
}

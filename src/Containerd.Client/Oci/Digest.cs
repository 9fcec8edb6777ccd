using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace Containerd.Client.Oci;

/// <summary>The digest of a piece of content: an algorithm and the lower-case hexadecimal hash, <c>sha256:…</c>.</summary>
/// <remarks>Source: opencontainers/image-spec, descriptor.md, "Digests". Only registered algorithms are accepted.</remarks>
public readonly record struct Digest
{
    private Digest(string algorithm, string hex) => (Algorithm, Hex) = (algorithm, hex);

    /// <summary>"sha256", "sha384" or "sha512".</summary>
    public string Algorithm { get; }

    /// <summary>The hash in lower-case hexadecimal.</summary>
    public string Hex { get; }

    /// <summary>The SHA-256 digest of bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> content) => FromSha256(SHA256.HashData(content));

    /// <summary>The digest for a SHA-256 hash that is already there.</summary>
    /// <param name="hash">The 32 bytes of the hash.</param>
    public static Digest FromSha256(ReadOnlySpan<byte> hash)
    {
        if (hash.Length != SHA256.HashSizeInBytes)
            throw new ArgumentException("A SHA-256 hash has 32 bytes.", nameof(hash));
        return new("sha256", Convert.ToHexString(hash).ToLowerInvariant());
    }

    /// <summary>Parses <c>algorithm:hex</c>.</summary>
    /// <param name="text">The digest as text.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">It is no digest.</exception>
    public static Digest Parse(string text, string parameter = "Digest") =>
        TryParse(text, out Digest digest) ? digest
            : throw new InvalidArgumentException(
                parameter, $"'{text}' is no digest; one looks like sha256: and 64 lower-case hexadecimal digits.");

    /// <summary>Parses <c>algorithm:hex</c>.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        digest = default;
        if (text?.IndexOf(':', StringComparison.Ordinal) is not (int colon and > 0))
            return false;
        string algorithm = text[..colon], hex = text[(colon + 1)..];
        int length = algorithm switch { "sha256" => 64, "sha384" => 96, "sha512" => 128, _ => -1 };
        if (hex.Length != length || hex.AsSpan().ContainsAnyExcept("0123456789abcdef"))
            return false;
        digest = new(algorithm, hex);
        return true;
    }

    /// <summary>The digest as it is written everywhere: <c>algorithm:hex</c>.</summary>
    public override string ToString() => Algorithm is null ? "" : $"{Algorithm}:{Hex}";
}

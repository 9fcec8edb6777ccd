using System.Runtime.InteropServices;
using System.Text.Json.Serialization;

namespace Containerd.Client.Oci;

/// <summary>What an image runs on, in Go's names: <c>linux/amd64</c>, <c>linux/arm/v7</c>, <c>windows/amd64</c>.</summary>
/// <param name="Os">The operating system as GOOS.</param>
/// <param name="Architecture">The processor as GOARCH.</param>
/// <param name="Variant">The processor's variant, such as <c>v7</c>; null where there is none to tell.</param>
/// <remarks>Source: opencontainers/image-spec, image-index.md, "platform"; the normal form is containerd/platforms'.</remarks>
public sealed record Platform(
    [property: JsonPropertyName("os")] string Os,
    [property: JsonPropertyName("architecture")] string Architecture,
    [property: JsonPropertyName("variant")] string? Variant = null)
{
    private static readonly string[] KnownSystems = ["linux", "windows", "darwin", "freebsd", "wasip1"];

    /// <summary>The version of the operating system, which matters for Windows: <c>10.0.20348.2340</c>.</summary>
    [JsonPropertyName("os.version")]
    public string? OsVersion { get; init; }

    /// <summary>The machine this code runs on. A daemon elsewhere may be another.</summary>
    public static Platform Host { get; } = new Platform(
        OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : OperatingSystem.IsFreeBSD() ? "freebsd" : "linux",
        ArchitectureName(RuntimeInformation.OSArchitecture),
        RuntimeInformation.OSArchitecture == System.Runtime.InteropServices.Architecture.Armv6 ? "v6" : null)
    {
        OsVersion = OperatingSystem.IsWindows() ? Environment.OSVersion.Version.ToString(3) : null,
    }.Normalized();

    /// <summary>GOARCH of a .NET processor name.</summary>
    public static string ArchitectureName(Architecture architecture) => architecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.X86 => "386",
        System.Runtime.InteropServices.Architecture.Arm or System.Runtime.InteropServices.Architecture.Armv6 => "arm",
        System.Runtime.InteropServices.Architecture.LoongArch64 => "loong64",
        _ => architecture.ToString().ToLowerInvariant(), // arm64, s390x, ppc64le, riscv64, wasm
    };

    /// <summary>
    /// Parses <c>os/architecture[/variant]</c>, or an operating system or an architecture alone, to which the rest of
    /// <paramref name="host"/> is added.
    /// </summary>
    /// <param name="text">The platform as typed; <c>windows(10.0.20348)/amd64</c> carries a version.</param>
    /// <param name="host">The daemon's platform; this machine where null.</param>
    /// <param name="parameter">The parameter to name in the error.</param>
    /// <exception cref="InvalidArgumentException">It is no platform.</exception>
    public static Platform Parse(string text, Platform? host = null, string parameter = "Platform")
    {
        host ??= Host;
        string[] parts = (text ?? "").Split('/');
        if (parts.Length > 3 || parts.Any(part => part.Length == 0 || !part.All(c => char.IsAsciiLetterOrDigit(c) || "_.-()".Contains(c, StringComparison.Ordinal))))
            throw new InvalidArgumentException(parameter, $"'{text}' is no platform; one looks like linux/amd64 or linux/arm/v7.");
        string? version = null;
        if (parts[0].IndexOf('(', StringComparison.Ordinal) is var open and > 0 && parts[0].EndsWith(')'))
            (parts[0], version) = (parts[0][..open], parts[0][(open + 1)..^1]);
        Platform platform = parts switch
        {
            [var os, var architecture] => new(os, architecture),
            [var os, var architecture, var variant] => new(os, architecture, variant),
            [var os] when KnownSystems.Contains(os.ToLowerInvariant()) => new(os, host.Architecture, host.Variant),
            _ => new(host.Os, parts[0]),
        };
        return (platform with { OsVersion = version }).Normalized();
    }

    /// <summary>The same platform in the one spelling that compares: lower case, GOARCH names, no variant where it says nothing.</summary>
    public Platform Normalized()
    {
        // A document may leave either out.
        string os = (Os ?? "").ToLowerInvariant() switch { "macos" => "darwin", var other => other };
        string variant = (Variant ?? "").ToLowerInvariant();
        (string architecture, variant) = (Architecture ?? "").ToLowerInvariant() switch
        {
            "i386" or "386" => ("386", ""),
            "x86_64" or "x86-64" or "amd64" => ("amd64", variant is "v1" ? "" : variant),
            "aarch64" or "arm64" => ("arm64", variant is "8" or "v8" or "v8.0" ? "" : variant is "9" or "9.0" or "v9.0" ? "v9" : variant),
            "armhf" => ("arm", "v7"),
            "armel" => ("arm", "v6"),
            "arm" => ("arm", variant switch { "" or "7" => "v7", "5" or "6" or "8" => "v" + variant, _ => variant }),
            var other => (other, variant),
        };
        return this with { Os = os, Architecture = architecture, Variant = variant.Length == 0 ? null : variant };
    }

    /// <summary>The platform as it is typed: <c>linux/arm/v7</c>.</summary>
    public override string ToString() =>
        (OsVersion is { Length: > 0 } version ? $"{Os}({version})" : Os) + "/" + Architecture + (Variant is null ? "" : "/" + Variant);
}

using System.IO.Compression;
using ZstdSharp;

namespace Containerd.Client.Images.Archives;

/// <summary>How a tar is compressed.</summary>
internal enum CompressionKind
{
    None,
    Gzip,
    Zstd,
}

/// <summary>Compression told from the first bytes, never from a name or media type.</summary>
internal static class Compression
{
    /// <summary>How many bytes <see cref="Detect"/> needs.</summary>
    public const int MagicLength = 4;

    /// <summary>How data that begins so is compressed.</summary>
    /// <param name="beginning">Its first bytes, at least <see cref="MagicLength"/> where there are that many.</param>
    /// <returns>The kind.</returns>
    public static CompressionKind Detect(ReadOnlySpan<byte> beginning)
    {
        if (beginning.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B, 0x08]))
            return CompressionKind.Gzip;
        return beginning.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? CompressionKind.Zstd : CompressionKind.None;
    }

    /// <summary>A stream of the uncompressed bytes.</summary>
    /// <param name="kind">How they are compressed.</param>
    /// <param name="source">The compressed bytes; disposed with the stream.</param>
    /// <returns>The stream; it cannot seek unless nothing is compressed.</returns>
    public static Stream OpenRead(CompressionKind kind, Stream source) => kind switch
    {
        CompressionKind.Gzip => new GZipStream(source, CompressionMode.Decompress),
        CompressionKind.Zstd => new DecompressionStream(source, leaveOpen: false),
        _ => source,
    };

    /// <summary>A stream of the uncompressed bytes of a source that cannot seek, however it is compressed.</summary>
    /// <param name="source">The bytes; disposed with the stream.</param>
    /// <param name="cancellationToken">Ends the look at the first bytes.</param>
    /// <returns>The stream, and how the source is compressed.</returns>
    public static async Task<(Stream Content, CompressionKind Kind)> OpenReadAsync(Stream source, CancellationToken cancellationToken)
    {
        var beginning = new byte[MagicLength];
        var count = await source.ReadAtLeastAsync(beginning, MagicLength, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        var kind = Detect(beginning.AsSpan(0, count));
        return (OpenRead(kind, new PrefixedStream(beginning.AsMemory(0, count), source)), kind);
    }

    /// <summary>Says what is wrong with data that does not decompress, which gzip and zstd report by exceptions of their own.</summary>
    /// <param name="error">What a read threw.</param>
    /// <returns>True when the data is to blame.</returns>
    public static bool IsBroken(Exception error) => error is InvalidDataException or ZstdException or EndOfStreamException or FormatException;
}

using System.Diagnostics.CodeAnalysis;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Containerd.Client.Wire;

/// <summary>
/// Packs and unpacks containerd's Any messages. containerd names the type by its bare full name, where Google.Protobuf's own
/// methods insist on a prefix such as type.googleapis.com/ and see nothing without one (trap T24). Read here is either form,
/// written is the bare one, which every server takes.
/// </summary>
internal static class AnyMessage
{
    /// <summary>A message in an Any.</summary>
    /// <param name="message">The message.</param>
    /// <returns>The Any, its type named without a prefix.</returns>
    public static Any Pack(IMessage message) => new() { TypeUrl = message.Descriptor.FullName, Value = message.ToByteString() };

    /// <summary>A JSON document in an Any, as containerd carries what OCI defines.</summary>
    /// <param name="typeUrl">One of <see cref="TypeUrls"/>.</param>
    /// <param name="utf8">The document.</param>
    /// <returns>The Any.</returns>
    public static Any PackJson(string typeUrl, ReadOnlySpan<byte> utf8) => new() { TypeUrl = typeUrl, Value = ByteString.CopyFrom(utf8) };

    /// <summary>The full name of the type inside, without any prefix; empty for null.</summary>
    /// <param name="any">The Any.</param>
    /// <returns>The name.</returns>
    public static string TypeName(Any? any)
    {
        // What is typed in Go only ("types.containerd.io/opencontainers/…/Spec") keeps its slashes: it is no protobuf name.
        if (any is null)
            return "";
        var slash = any.TypeUrl.LastIndexOf('/');
        return slash < 0 || any.TypeUrl.StartsWith(TypeUrls.Prefix, StringComparison.Ordinal) ? any.TypeUrl : any.TypeUrl[(slash + 1)..];
    }

    /// <summary>Whether a message of that type is inside.</summary>
    /// <typeparam name="T">The message's type.</typeparam>
    /// <param name="any">The Any; null holds nothing.</param>
    /// <returns>True when it is.</returns>
    public static bool Is<T>(Any? any)
        where T : IMessage<T>, new() => TypeName(any) == Of<T>.Name;

    /// <summary>Takes the message out if it is of that type.</summary>
    /// <typeparam name="T">The message's type.</typeparam>
    /// <param name="any">The Any; null holds nothing.</param>
    /// <param name="message">The message.</param>
    /// <returns>False when something else is inside.</returns>
    /// <exception cref="InvalidProtocolBufferException">The type is named right and the bytes are not of it.</exception>
    public static bool TryUnpack<T>(Any? any, [NotNullWhen(true)] out T? message)
        where T : class, IMessage<T>, new()
    {
        message = null;
        if (!Is<T>(any))
            return false;
        message = new T();
        message.MergeFrom(any!.Value);
        return true;
    }

    private static class Of<T>
        where T : IMessage<T>, new()
    {
        public static readonly string Name = new T().Descriptor.FullName;
    }
}

/// <summary>The type URLs of the JSON documents that containerd carries in an Any (containerd's client package registers them).</summary>
internal static class TypeUrls
{
    /// <summary>What they all begin with.</summary>
    public const string Prefix = "types.containerd.io/opencontainers/runtime-spec/1/";

    /// <summary>A container's spec. containerd 2 refuses another URL when the task is created.</summary>
    public const string Spec = Prefix + "Spec";

    /// <summary>The process of an exec.</summary>
    public const string Process = Prefix + "Process";

    /// <summary>The limits of an update on Linux.</summary>
    public const string LinuxResources = Prefix + "LinuxResources";

    /// <summary>The limits of an update on Windows.</summary>
    public const string WindowsResources = Prefix + "WindowsResources";
}

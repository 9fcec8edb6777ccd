using Google.Protobuf;

namespace Containerd.Client.Tests.Wire;

/// <summary>A protobuf message put together field by field, from numbers instead of generated code.</summary>
internal sealed class WireBytes
{
    private readonly MemoryStream _bytes = new();

    public WireBytes Number(int field, ulong value) => Add(field, WireFormat.WireType.Varint, output => output.WriteUInt64(value));

    public WireBytes Double(int field, double value) => Add(field, WireFormat.WireType.Fixed64, output => output.WriteDouble(value));

    public WireBytes Text(int field, string value) => Add(field, WireFormat.WireType.LengthDelimited, output => output.WriteString(value));

    public WireBytes Message(int field, WireBytes value) =>
        Add(field, WireFormat.WireType.LengthDelimited, output => output.WriteBytes(ByteString.CopyFrom(value.ToArray())));

    public byte[] ToArray() => _bytes.ToArray();

    private WireBytes Add(int field, WireFormat.WireType type, Action<CodedOutputStream> write)
    {
        using var output = new CodedOutputStream(_bytes, leaveOpen: true);
        output.WriteTag(field, type);
        write(output);
        return this;
    }
}

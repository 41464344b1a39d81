using System.Buffers.Binary;

namespace Montalegre.Vdi.Protocol.Wire;

/// <summary>Writes in wire order into a buffer the caller owns, so that nothing here allocates. Little-endian unless the name says otherwise.</summary>
public ref struct WireWriter(Span<byte> buffer, string pdu)
{
    private readonly Span<byte> _buffer = buffer;

    public int Written { get; private set; }

    public readonly ReadOnlySpan<byte> WrittenSpan => _buffer[..Written];

    public void WriteByte(byte value) => Take(1)[0] = value;

    public void WriteUInt16(ushort value) => BinaryPrimitives.WriteUInt16LittleEndian(Take(2), value);

    public void WriteUInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void WriteUInt16BigEndian(ushort value) => BinaryPrimitives.WriteUInt16BigEndian(Take(2), value);

    public void WriteBytes(scoped ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    /// <summary>Hands out the next <paramref name="count"/> bytes to be filled, or filled in later when a length is known.</summary>
    public Span<byte> Take(int count)
    {
        if (_buffer.Length - Written < count)
            WireFormatException.Throw(pdu, "length", $"needs {count} more bytes, {_buffer.Length - Written} left in the buffer");
        var taken = _buffer.Slice(Written, count);
        Written += count;
        return taken;
    }
}

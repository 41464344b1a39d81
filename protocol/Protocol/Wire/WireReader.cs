using System.Buffers.Binary;

namespace Montalegre.Vdi.Protocol.Wire;

/// <summary>Reads one whole frame in wire order; every read names its field. Little-endian unless the name says otherwise.</summary>
public ref struct WireReader(ReadOnlySpan<byte> frame, string pdu)
{
    private ReadOnlySpan<byte> _rest = frame;

    public readonly int Left => _rest.Length;

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public ReadOnlySpan<byte> ReadBytes(int count, string field)
    {
        if (count < 0 || _rest.Length < count)
            WireFormatException.Throw(pdu, field, $"needs {count} bytes, {_rest.Length} left");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public byte ReadByte(string field) => ReadBytes(1, field)[0];

    public ushort ReadUInt16(string field) => BinaryPrimitives.ReadUInt16LittleEndian(ReadBytes(2, field));

    public uint ReadUInt32(string field) => BinaryPrimitives.ReadUInt32LittleEndian(ReadBytes(4, field));

    public ushort ReadUInt16BigEndian(string field) => BinaryPrimitives.ReadUInt16BigEndian(ReadBytes(2, field));

    public readonly void Expect(uint wanted, uint found, string field)
    {
        if (wanted != found) WireFormatException.Throw(pdu, field, $"is 0x{found:X}, must be 0x{wanted:X}");
    }

    public readonly void ExpectEnd(string field)
    {
        if (_rest.Length != 0) WireFormatException.Throw(pdu, field, $"{_rest.Length} bytes too many");
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Montalegre.Vdi.Contracts.AuditTrail;

/// <summary>Writes fields one after the other so that no two different records have the same bytes: numbers big-endian, texts with their length.</summary>
internal sealed class Canonical
{
    private readonly ArrayBufferWriter<byte> _bytes = new(256);

    public ReadOnlySpan<byte> Bytes => _bytes.WrittenSpan;

    public Canonical Byte(byte value)
    {
        _bytes.Write([value]);
        return this;
    }

    public Canonical Number(long value)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
        return this;
    }

    /// <summary>Microseconds since 1970, which is what the database keeps.</summary>
    public Canonical Time(DateTimeOffset value) => Number((value - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);

    public Canonical Id(Guid? value) => Block(value is { } id ? id.ToByteArray(bigEndian: true) : []);

    public Canonical Text(string value) => Block(Encoding.UTF8.GetBytes(value));

    public Canonical Block(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        _bytes.Write(value);
        return this;
    }
}

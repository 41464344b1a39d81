using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Http;

/// <summary>Chunked transfer coding, RFC 9112 7.1. Extensions are read past, trailers end the body like the last chunk does.</summary>
public sealed class ChunkedReader : IBodyReader
{
    /// <summary>Our limits: a chunk is never held, so its size may be large; a size line has a few digits.</summary>
    public const int LongestChunk = 16 * 1024 * 1024;

    private const string Pdu = "Chunk";
    private const int LongestSizeLine = 128;

    private Expecting _next = Expecting.Size;
    private int _size;
    private int _digits;
    private int _line;

    private enum Expecting { Size, Extension, SizeLineFeed, Data, DataReturn, DataLineFeed }

    public bool Ended { get; private set; }

    public int Decode(Span<byte> bytes)
    {
        int read = 0, written = 0;
        while (read < bytes.Length && !Ended)
        {
            if (_next == Expecting.Data)
            {
                var moved = Math.Min(_size, bytes.Length - read);
                bytes.Slice(read, moved).CopyTo(bytes[written..]);
                read += moved;
                written += moved;
                _size -= moved;
                if (_size == 0) _next = Expecting.DataReturn;
                continue;
            }
            Step(bytes[read++]);
        }
        return written;
    }

    private void Step(byte b)
    {
        switch (_next)
        {
            case Expecting.Size when char.IsAsciiHexDigit((char)b):
                _size = (_size << 4) | (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
                if (++_digits > 8 || _size > LongestChunk || _size < 0) WireFormatException.Throw(Pdu, "size", $"is over {LongestChunk}");
                break;
            case Expecting.Size when b is (byte)'\r' or (byte)';' or (byte)' ' && _digits > 0:
                _next = b == '\r' ? Expecting.SizeLineFeed : Expecting.Extension;
                break;
            case Expecting.Extension when b is not (byte)'\n':
                if (b == '\r') _next = Expecting.SizeLineFeed;
                break;
            case Expecting.SizeLineFeed when b == '\n':
                Ended = _size == 0;
                _next = Expecting.Data;
                (_digits, _line) = (0, 0);
                return;
            case Expecting.DataReturn when b == '\r': _next = Expecting.DataLineFeed; return;
            case Expecting.DataLineFeed when b == '\n': _next = Expecting.Size; return;
            default: throw new WireFormatException($"{Pdu}.{_next}: 0x{b:X2} has no place there");
        }
        if (++_line > LongestSizeLine) WireFormatException.Throw(Pdu, "size", $"line is over {LongestSizeLine} bytes");
    }
}

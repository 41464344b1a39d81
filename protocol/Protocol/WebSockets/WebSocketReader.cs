using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Http;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.WebSockets;

/// <summary>Opcodes of RFC 6455 5.2.</summary>
public enum WebSocketOpcode : byte
{
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

/// <summary>The server's side of RFC 6455: masked frames in, their payload out, in the buffer they came in.</summary>
/// <remarks>Message borders are dropped on purpose: what is carried is a byte stream. Fragments and control frames between them are fine.</remarks>
public sealed class WebSocketReader : IBodyReader
{
    /// <summary>Our limit for one frame; its bytes are never held.</summary>
    public const int LongestFrame = 16 * 1024 * 1024;

    private const string Pdu = "WebSocketFrame";
    private const int LongestControl = 125;
    private const int LongestHeader = 2 + 8 + 4;

    private readonly byte[] _header = new byte[LongestHeader];
    private readonly byte[] _control = new byte[LongestControl];
    private int _headerFilled;
    private int _controlFilled;
    private long _left;
    private uint _key;
    private int _phase;
    private bool _inFrame;
    private bool _fragmented;
    private WebSocketOpcode _opcode;
    private int _pingLength = -1;

    public bool Ended { get; private set; }

    public int Decode(Span<byte> bytes)
    {
        int read = 0, written = 0;
        while (!Ended && (read < bytes.Length || (_inFrame && _left == 0)))
        {
            if (!_inFrame)
            {
                var wanted = HeaderLength();
                var taken = Math.Min(wanted - _headerFilled, bytes.Length - read);
                bytes.Slice(read, taken).CopyTo(_header.AsSpan(_headerFilled));
                read += taken;
                _headerFilled += taken;
                if (_headerFilled == wanted && _headerFilled > 2) BeginFrame();
                continue;
            }
            var count = (int)Math.Min(_left, bytes.Length - read);
            _phase = WebSocketMask.Move(bytes, read, IsControl ? read : written, count, _key, _phase);
            if (IsControl)
            {
                bytes.Slice(read, count).CopyTo(_control.AsSpan(_controlFilled));
                _controlFilled += count;
            }
            else
            {
                written += count;
            }
            read += count;
            _left -= count;
            if (_left == 0) EndFrame();
        }
        return written;
    }

    /// <summary>Writes the pong for the newest ping, once; false when none came (RFC 6455 5.5.3 lets older ones go).</summary>
    public bool TryAnswerPing(ref WireWriter w)
    {
        if (_pingLength < 0) return false;
        WebSocketFrame.WriteHeader(ref w, WebSocketOpcode.Pong, _pingLength);
        w.WriteBytes(_control.AsSpan(0, _pingLength));
        _pingLength = -1;
        return true;
    }

    private bool IsControl => (byte)_opcode >= 8;

    /// <summary>Grows as the header shows how long it is.</summary>
    private int HeaderLength()
    {
        if (_headerFilled < 2) return 2;
        if ((_header[1] & 0x80) == 0) WireFormatException.Throw(Pdu, "mask", "is missing; a client masks every frame");
        return 2 + 4 + (_header[1] & 0x7F) switch { 126 => 2, 127 => 8, _ => 0 };
    }

    private void BeginFrame()
    {
        if ((_header[0] & 0x70) != 0) WireFormatException.Throw(Pdu, "rsv", "is set without an extension");
        var final = (_header[0] & 0x80) != 0;
        _opcode = (WebSocketOpcode)(_header[0] & 0x0F);
        ulong length = (ulong)(_header[1] & 0x7F);
        if (length == 126) length = Least(BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(2)), 126);
        else if (length == 127) length = Least(BinaryPrimitives.ReadUInt64BigEndian(_header.AsSpan(2)), 65536);
        if (length > LongestFrame) WireFormatException.Throw(Pdu, "length", $"is over {LongestFrame}");
        switch (_opcode)
        {
            case WebSocketOpcode.Binary when !_fragmented:
            case WebSocketOpcode.Continuation when _fragmented:
                _fragmented = !final;
                break;
            case WebSocketOpcode.Close or WebSocketOpcode.Ping or WebSocketOpcode.Pong when final && length <= LongestControl:
                _controlFilled = 0;
                _pingLength = -1;
                break;
            default:
                throw new WireFormatException($"{Pdu}.opcode: {_opcode} has no place here");
        }
        _key = BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(_headerFilled - 4));
        _phase = 0;
        _left = (long)length;
        _inFrame = true;
        _headerFilled = 0;
    }

    private static ulong Least(ulong length, ulong least)
    {
        if (length < least) WireFormatException.Throw(Pdu, "length", "is longer than it need be");
        return length;
    }

    private void EndFrame()
    {
        _inFrame = false;
        if (_opcode == WebSocketOpcode.Close) Ended = true;
        else if (_opcode == WebSocketOpcode.Ping) _pingLength = _controlFilled;
    }
}

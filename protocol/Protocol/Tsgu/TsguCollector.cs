using System.Security.Cryptography;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>Puts the packets of a handshake together by their length, however they were cut on the way.</summary>
public sealed class TsguCollector : IDisposable
{
    private readonly byte[] _bytes = new byte[TsguFrame.LongestHandshakePacket];
    private int _filled;
    private int _taken;

    /// <summary>Where the next bytes go; never empty while a packet is wanted.</summary>
    public Memory<byte> Free
    {
        get
        {
            if (_taken > 0)
            {
                _bytes.AsSpan(_taken, _filled - _taken).CopyTo(_bytes);
                _filled -= _taken;
                _taken = 0;
            }
            return _bytes.AsMemory(_filled);
        }
    }

    /// <summary>Bytes behind the last packet taken: they belong to what follows the handshake.</summary>
    public ReadOnlySpan<byte> Rest => _bytes.AsSpan(_taken, _filled - _taken);

    /// <summary>So many bytes were put into <see cref="Free"/>.</summary>
    public void Add(int count) => _filled += count;

    /// <summary>The next whole packet; it stays valid until <see cref="Free"/> is asked for.</summary>
    public bool TryTake(out ReadOnlySpan<byte> packet)
    {
        packet = default;
        if (!TsguFrame.TryRead(Rest, TsguFrame.LongestHandshakePacket, out _, out var length)) return false;
        packet = Rest[..length];
        _taken += length;
        return true;
    }

    /// <summary>The cookie was in here.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_bytes);
}

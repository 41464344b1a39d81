using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>
/// The frames since every decoder could last start anew. Machines cannot be asked for a key picture, so a browser that
/// comes back is given these again, up to a bound; past it the picture is whole again at the machine's next key picture.
/// </summary>
internal sealed class ReplayLog
{
    private const int MostBytes = 16 * 1024 * 1024;
    private const int IdOffset = 1;
    private const int FlagsOffset = 5;
    private readonly List<byte[]> _frames = [];
    private int _bytes;
    private bool _isWhole;

    /// <summary>A key picture that covers the whole screen makes everything before it needless.</summary>
    public void Add(ReadOnlySpan<byte> frame, bool startsAnew)
    {
        if (startsAnew)
        {
            Clear();
            _isWhole = true;
        }
        if (!_isWhole) return;
        _bytes += frame.Length;
        if (_bytes > MostBytes) Clear();
        else _frames.Add(frame.ToArray());
    }

    /// <summary>Whether everything since the decoders could last start anew is here.</summary>
    public bool IsWhole => _isWhole;

    public IReadOnlyList<byte[]> Frames => _frames;

    public void Clear()
    {
        _frames.Clear();
        (_bytes, _isWhole) = (0, false);
    }

    /// <summary>Gives every frame out again under a new number; all but the last are marked as parts of one picture. False when they are not all here.</summary>
    public bool Replay(Func<uint> nextId, Action<byte[], bool> send)
    {
        for (var i = 0; i < _frames.Count; i++)
        {
            var frame = _frames[i].AsSpan().ToArray();
            var more = i < _frames.Count - 1;
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(IdOffset), nextId());
            frame[FlagsOffset] = more ? (byte)1 : (byte)0;
            send(frame, more);
        }
        return _isWhole;
    }

    /// <summary>Whether a unit that can start a decoder leaves nothing of the screen to what came before.</summary>
    public static bool StartsAnew(bool isKey, ReadOnlySpan<ScreenRect> rects, int width, int height)
    {
        if (!isKey) return false;
        foreach (var rect in rects)
            if (rect.X == 0 && rect.Y == 0 && rect.W >= width && rect.H >= height) return true;
        return false;
    }
}

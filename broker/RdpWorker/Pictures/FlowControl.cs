using System.Diagnostics;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>How many frames are on their way, and how the connection is doing.</summary>
internal sealed class FlowControl
{
    private const int MostMessages = 12;      // parts of one big picture do not wait for each other
    private readonly Queue<(uint Id, long At, bool More)> _sent = new();
    private uint _next = 1;
    private int _pictures;
    private int _shown;
    private long _bytes;
    private long _windowFrom = Stopwatch.GetTimestamp();
    private double _roundTripMs;

    /// <summary>Whether another picture may leave; parts of one that has begun go on.</summary>
    public bool HasRoom => _pictures < Html5Limits.FramesInFlight && _sent.Count < MostMessages;

    public bool IsIdle => _sent.Count == 0;

    public uint NextId => _next;

    public void Sent(bool more, int bytes)
    {
        _sent.Enqueue((_next++, Stopwatch.GetTimestamp(), more));
        if (!more) _pictures++;
        _bytes += bytes;
    }

    /// <summary>Frame and all before it are on the screen. A number that was never sent changes nothing.</summary>
    public void Acknowledged(uint id)
    {
        while (_sent.TryPeek(out var oldest) && oldest.Id <= id)
        {
            _sent.Dequeue();
            if (oldest.More) continue;
            _pictures--;
            _shown++;
            var took = Stopwatch.GetElapsedTime(oldest.At).TotalMilliseconds;
            _roundTripMs = _roundTripMs == 0 ? took : (_roundTripMs * 0.8) + (took * 0.2);
        }
    }

    public void Reset()
    {
        _sent.Clear();
        _pictures = 0;
        _roundTripMs = 0;
        Report();
    }

    /// <summary>Figures since the last report, and what they mean: 0 unknown, 1 good, 2 fair, 3 poor.</summary>
    public (ushort RoundTripMs, byte FramesPerSecond, ushort KilobytesPerSecond, byte Quality) Report()
    {
        var seconds = Math.Max(0.001, Stopwatch.GetElapsedTime(_windowFrom).TotalSeconds);
        var stuck = _sent.TryPeek(out var oldest) ? Stopwatch.GetElapsedTime(oldest.At).TotalMilliseconds : 0;
        var roundTrip = Math.Max(_roundTripMs, stuck);
        var report = ((ushort)Math.Min(roundTrip, ushort.MaxValue), (byte)Math.Min(_shown / seconds, byte.MaxValue), (ushort)Math.Min(_bytes / 1024 / seconds, ushort.MaxValue),
            (byte)(roundTrip == 0 ? 0 : roundTrip < 100 ? 1 : roundTrip < 250 ? 2 : 3));
        (_shown, _bytes, _windowFrom) = (0, 0, Stopwatch.GetTimestamp());
        return report;
    }
}

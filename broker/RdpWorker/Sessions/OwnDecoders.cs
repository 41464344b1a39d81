using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Pictures;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>
/// Surfaces whose H.264 is decoded here, because somebody looks whose browser cannot. libfreerdp's decoder begins with what browsers
/// have been sent since the last key picture, since machines cannot be asked for another.
/// </summary>
internal sealed class OwnDecoders(RdpSession session, ReplayLog replay)
{
    private readonly HashSet<int> _surfaces = [];

    public bool Has(int surface) => _surfaces.Contains(surface);

    public void Add(int surface) => _surfaces.Add(surface);

    public void Remove(int surface) => _surfaces.Remove(surface);

    /// <summary>Takes surfaces over; false while that cannot be: the machine draws, or what is needed was not kept and a key picture has to come.</summary>
    public bool TakeOver(IEnumerable<int> surfaces)
    {
        if (!replay.IsWhole || !session.TryBeginDecoding()) return false;
        try
        {
            var frames = replay.Frames.Select(f => FrameMessage.Read(f)).ToList();
            foreach (var surface in surfaces)
            {
                TakeOver(surface, frames);
                _surfaces.Add(surface);
            }
        }
        finally { session.EndDecoding(); }
        return true;
    }

    // Every unit is decoded, but only the last one is drawn: on all that was H.264 and has not been drawn over by anything else.
    private void TakeOver(int surface, List<FrameMessage> frames)
    {
        var (region, units) = (new ScreenRegion(), new List<ReadOnlyMemory<byte>>());
        foreach (var op in frames.SelectMany(f => f.Ops))
        {
            if (op.Kind != FrameOp.H264) region.Remove(op.Rect);
            else if (op.Slot != surface) foreach (var rect in op.Rects) region.Remove(rect);
            else
            {
                units.Add(op.Data);
                foreach (var rect in op.Rects) region.Add(rect);
            }
        }
        for (var i = 0; i < units.Count; i++)
            session.Decode(surface, i < units.Count - 1 ? [] : [.. region.Parts.Select(p => new RdpRect(p.X, p.Y, p.W, p.H))], units[i].Span);
    }
}

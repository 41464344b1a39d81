using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Pictures;

/// <summary>A part of the screen as rectangles that do not overlap.</summary>
internal sealed class ScreenRegion
{
    private const int Most = 512;       // what libfreerdp is given at once is bounded
    private List<ScreenRect> _parts = [];

    public IReadOnlyList<ScreenRect> Parts => _parts;

    public void Add(ScreenRect rect)
    {
        if (!Remove(rect)) return;
        if (rect is { W: > 0, H: > 0 }) _parts.Add(rect);
    }

    /// <summary>False when the rest would be too many parts; then nothing changes.</summary>
    public bool Remove(ScreenRect rect)
    {
        var rest = new List<ScreenRect>(_parts.Count + 4);
        foreach (var part in _parts) Without(part, rect, rest);
        if (rest.Count >= Most) return false;
        _parts = rest;
        return true;
    }

    private static void Without(ScreenRect part, ScreenRect hole, List<ScreenRect> rest)
    {
        var (left, top) = (Math.Max(part.X, hole.X), Math.Max(part.Y, hole.Y));
        var (right, bottom) = (Math.Min(part.X + part.W, hole.X + hole.W), Math.Min(part.Y + part.H, hole.Y + hole.H));
        if (left >= right || top >= bottom)
        {
            rest.Add(part);
            return;
        }
        Put(part.X, part.Y, part.X + part.W, top);
        Put(part.X, bottom, part.X + part.W, part.Y + part.H);
        Put(part.X, top, left, bottom);
        Put(right, top, part.X + part.W, bottom);

        void Put(int fromX, int fromY, int toX, int toY)
        {
            if (fromX < toX && fromY < toY) rest.Add(new((ushort)fromX, (ushort)fromY, (ushort)(toX - fromX), (ushort)(toY - fromY)));
        }
    }
}

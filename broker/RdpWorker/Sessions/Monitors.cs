using System.Diagnostics;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>The size of the desktop: what the person's windows want of it, and what the machine takes (MS-RDPEDISP).</summary>
/// <remarks>Not safe by itself: the worker's lock keeps its calls apart.</remarks>
internal sealed class Monitors(RdpSession session, GatewayLink link, WorkerStart start)
{
    private const int OneTakesMs = 5000;      // a machine that does not answer a wish at all
    private const int SettlesMs = 1000;       // xrdp falls over a wish that comes while it still carries out another, or a sign-in

    private readonly bool _isAllowed = start.Allowed.HasFlag(Protocol.Html5.Allowed.Resize);
    private (int Width, int Height) _size;
    private BrowserInput.Resize _asked = new(start.Browser.Width, start.Browser.Height, start.Browser.ScalePercent);
    private BrowserInput.Resize? _wanted;
    private long _mostPixels;
    private long _notBefore;

    /// <summary>The machine takes so many monitors; one that takes a single one gets it as large as all windows together.</summary>
    public void Allowed(int monitors, long pixels) => _mostPixels = monitors > 0 ? Math.Min(pixels, Html5Limits.MostPixels) : 0;

    /// <summary>Tells the browser how many windows it may have.</summary>
    public void Tell() => link.Monitors(_isAllowed && _mostPixels > 0 ? Html5Limits.MostMonitors : 0, _mostPixels);

    public void Sized(int width, int height)
    {
        _size = (width, height);
        NotWithin(SettlesMs);
    }

    public void Want(BrowserInput.Resize wanted)
    {
        if (_isAllowed && (long)Right(wanted) * Bottom(wanted) <= Html5Limits.MostPixels) _wanted = wanted;
    }

    /// <summary>A browser that has just come names the size of all its windows together; which they are it says later.</summary>
    public void WantWhole(Hello browser)
    {
        if (_size != (browser.Width, browser.Height)) Want(new(browser.Width, browser.Height, browser.ScalePercent));
    }

    /// <summary>Asks the machine for what is wanted, if it takes that at all by now; one wish at a time, the newest.</summary>
    /// <returns>Milliseconds until it is worth to come again.</returns>
    public int Ask()
    {
        if (_wanted is not { } wanted) return int.MaxValue;
        if (_mostPixels == 0)
        {
            _wanted = null;     // the size that the session was opened with stands until the person changes it
            return int.MaxValue;
        }
        if (Stopwatch.GetTimestamp() is var now && now < _notBefore) return 1 + (int)Stopwatch.GetElapsedTime(now, _notBefore).TotalMilliseconds;
        _wanted = null;
        Ask(wanted);
        return int.MaxValue;
    }

    private void Ask(BrowserInput.Resize wanted)
    {
        var isSame = _size == (Right(wanted), Bottom(wanted)) && wanted.Further.SequenceEqual(_asked.Further)
            && (wanted.Further.Count == 0 || (wanted.Width, wanted.Height) == (_asked.Width, _asked.Height));
        if (isSame) return;
        _asked = wanted;
        NotWithin(OneTakesMs);
        session.Resize([new(0, 0, wanted.Width, wanted.Height), .. wanted.Further.Select(m => new RdpRect(m.X, m.Y, m.W, m.H))], wanted.ScalePercent);
    }

    private void NotWithin(int milliseconds) => _notBefore = Stopwatch.GetTimestamp() + (milliseconds * Stopwatch.Frequency / 1000);

    private static int Right(BrowserInput.Resize wanted) => wanted.Further.Aggregate((int)wanted.Width, (most, m) => Math.Max(most, m.X + m.W));

    private static int Bottom(BrowserInput.Resize wanted) => wanted.Further.Aggregate((int)wanted.Height, (most, m) => Math.Max(most, m.Y + m.H));
}

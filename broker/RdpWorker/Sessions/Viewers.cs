using System.Buffers.Binary;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.RdpWorker.Link;
using Montalegre.Vdi.RdpWorker.Pictures;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>Those who see the desktop beside the person. The gateway has checked who they are and what each may do.</summary>
internal sealed class Viewers(RdpSession session, GatewayLink link, ReplayLog replay) : IDisposable
{
    private const int Most = 4;
    private const int Sleepy = 1000;
    private readonly Dictionary<byte, Viewer> _viewers = [];

    public bool Any => _viewers.Count > 0;

    public IEnumerable<Viewer> All => _viewers.Values;

    /// <summary>Whether somebody looks whose browser cannot decode H.264.</summary>
    public bool NeedTiles => _viewers.Values.Any(v => !v.Decodes);

    /// <param name="decodes">Whether the browser decodes a part of the picture itself.</param>
    public void Attach(byte id, Hello browser, Screen screen, byte[]? pointer, bool decodes)
    {
        Detach(id);
        if (_viewers.Count >= Most) WireFormatException.Throw(nameof(WorkerMessage.ViewerAttach), "viewer", $"is number {_viewers.Count + 1} at once");
        _viewers[id] = new(link, id, browser, session, screen, pointer, decodes ? Replay : null);
    }

    public void Detach(byte id)
    {
        if (_viewers.Remove(id, out var gone)) gone.Dispose();
    }

    /// <summary>Draws for everybody; answers the milliseconds after which to ask again.</summary>
    public int Tick(Picture picture, bool decodes)
    {
        var wait = Sleepy;
        foreach (var viewer in _viewers.Values) wait = Math.Min(wait, viewer.Tick(picture, decodes ? Replay : null));
        return wait;
    }

    /// <summary>What a viewer says: the gateway lets input pass from those who may control, and nothing else but what belongs to looking.</summary>
    public void Take(byte id, BrowserInput input)
    {
        if (!_viewers.TryGetValue(id, out var viewer)) return;      // said before it heard that it is over
        switch (input)
        {
            case BrowserInput.Ack ack:
                viewer.Acknowledged(ack.Frame);
                session.Wake();
                break;
            case BrowserInput.Key key: viewer.Input.Key(key); break;
            case BrowserInput.Text text: viewer.Input.Text(text.Characters); break;
            case BrowserInput.Mouse mouse:
                viewer.Input.Mouse(mouse);
                link.Send(PointerAt(mouse.X, mouse.Y));
                break;
            case BrowserInput.Wheel wheel: viewer.Input.Turn(wheel); break;
            case BrowserInput.Ping ping: viewer.Send(Pong(ping.Value)); break;
            case BrowserInput.Focus focus when !focus.HasFocus: viewer.Input.ReleaseAll(); break;
            case BrowserInput.Visible visible:
                viewer.Show(visible.IsVisible);
                session.Wake();
                break;
        }
    }

    /// <summary>Where the person's own pointer is: it is no part of the picture.</summary>
    public void PersonPointsAt(ushort x, ushort y)
    {
        if (Any) Say(PointerAt(x, y));
    }

    public void Say(ReadOnlySpan<byte> message)
    {
        foreach (var viewer in _viewers.Values) viewer.Send(message);
    }

    public void Copy(ReadOnlySpan<byte> frame, bool startsAnew, bool more = false)
    {
        foreach (var viewer in _viewers.Values) viewer.Copy(frame, startsAnew, more);
    }

    /// <summary>Something was not sent that cannot be left out.</summary>
    public void FallBehind()
    {
        foreach (var viewer in _viewers.Values) viewer.FallBehind();
    }

    /// <summary>Nothing stays held when the person is not there to see it.</summary>
    public void ReleaseAll()
    {
        foreach (var viewer in _viewers.Values) viewer.Input.ReleaseAll();
    }

    public void Dispose()
    {
        foreach (var viewer in _viewers.Values) viewer.Dispose();
    }

    private bool Replay(Viewer viewer)
    {
        if (replay.Replay(() => 0, (frame, more) => viewer.Copy(frame, startsAnew: false, more))) return true;
        session.Refresh();
        return false;
    }

    private static byte[] PointerAt(ushort x, ushort y)
    {
        var message = new byte[5];
        message[0] = (byte)ServerMessage.PointerAt;
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(1), x);
        BinaryPrimitives.WriteUInt16LittleEndian(message.AsSpan(3), y);
        return message;
    }

    private static byte[] Pong(uint value)
    {
        var message = new byte[5];
        message[0] = (byte)ServerMessage.Pong;
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(1), value);
        return message;
    }
}

using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>Turns the browser's keys and pointer into RDP events, and knows what is held down.</summary>
internal sealed class InputPost(RdpSession session)
{
    private const int Move = 0x0800, Down = 0x8000, Left = 0x1000, Right = 0x2000, Middle = 0x4000;      // TS_POINTER_EVENT
    private const int Wheel = 0x0200, HorizontalWheel = 0x0400, Negative = 0x0100, WheelBits = 0x01FF;
    private const int Back = 0x0001, Forward = 0x0002;                                                   // TS_POINTERX_EVENT
    private const int Notch = 120;
    private const int MostNotches = 20;
    private const int Enter = 0x1C, Tabulator = 0x0F, Control = 0x1D;
    private static readonly (MouseButtons Button, int Flag)[] Plain = [(MouseButtons.Left, Left), (MouseButtons.Right, Right), (MouseButtons.Middle, Middle)];
    private static readonly (MouseButtons Button, int Flag)[] Extended = [(MouseButtons.Back, Back), (MouseButtons.Forward, Forward)];

    private readonly HashSet<(byte Scancode, KeyPrefix Prefix)> _down = [];
    private MouseButtons _buttons;
    private (ushort X, ushort Y) _at;
    private int _vertical;
    private int _horizontal;

    public void Key(BrowserInput.Key key)
    {
        // A release of a key that is not down is a repetition or a leftover of another window; the machine needs neither.
        if (key.Down) _down.Add((key.Scancode, key.Prefix));
        else if (!_down.Remove((key.Scancode, key.Prefix))) return;
        Send(key.Scancode, key.Prefix, key.Down);
    }

    public void Text(string characters)
    {
        foreach (var unit in characters)
        {
            switch (unit)
            {
                case '\n': Press(Enter); break;
                case '\t': Press(Tabulator); break;
                case '\r': break;
                default:
                    session.Unicode(unit, down: true);
                    session.Unicode(unit, down: false);
                    break;
            }
        }
    }

    public void Mouse(BrowserInput.Mouse mouse)
    {
        if ((mouse.X, mouse.Y) != _at || mouse.Buttons == _buttons) session.Mouse(Move, mouse.X, mouse.Y);
        _at = (mouse.X, mouse.Y);
        foreach (var (button, flag) in Plain)
            if (((mouse.Buttons ^ _buttons) & button) != 0) session.Mouse(flag | ((mouse.Buttons & button) != 0 ? Down : 0), mouse.X, mouse.Y);
        foreach (var (button, flag) in Extended)
            if (((mouse.Buttons ^ _buttons) & button) != 0) session.MouseExtended(flag | ((mouse.Buttons & button) != 0 ? Down : 0), mouse.X, mouse.Y);
        _buttons = mouse.Buttons;
    }

    public void Turn(BrowserInput.Wheel wheel)
    {
        // Whole notches only: xrdp takes every event as one, however small.
        _vertical += wheel.Down;
        _horizontal += wheel.Right;
        Notches(ref _vertical, down => session.Mouse(Wheel | Amount(-down), wheel.X, wheel.Y));
        Notches(ref _horizontal, right => session.Mouse(HorizontalWheel | Amount(right), wheel.X, wheel.Y));
    }

    /// <summary>Nothing stays held when the window loses its focus or the browser goes.</summary>
    public void ReleaseAll()
    {
        foreach (var (scancode, prefix) in _down) Send(scancode, prefix, down: false);
        _down.Clear();
        if (_buttons != MouseButtons.None) Mouse(new(_at.X, _at.Y, MouseButtons.None));
    }

    /// <summary>Pause is the one key behind E1, and says press and release at once.</summary>
    private void Send(byte scancode, KeyPrefix prefix, bool down)
    {
        if (prefix != KeyPrefix.E1) session.Key(scancode, prefix == KeyPrefix.E0, down);
        else if (down && scancode == Control) session.PauseKey();
    }

    private void Press(int scancode)
    {
        session.Key(scancode, extended: false, down: true);
        session.Key(scancode, extended: false, down: false);
    }

    private static void Notches(ref int turned, Action<int> send)
    {
        var notches = Math.Clamp(turned / Notch, -MostNotches, MostNotches);
        turned %= Notch;
        for (; notches > 0; notches--) send(Notch);
        for (; notches < 0; notches++) send(-Notch);
    }

    /// <summary>Nine bits, two's complement; the sign bit is the flag for a negative turn.</summary>
    private static int Amount(int turn) => turn < 0 ? Negative | (turn & (WheelBits >> 1)) : turn;
}

using System.Text;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>The two clipboards, within what the pool's policy lets through.</summary>
internal sealed class Clipboard(RdpSession session, GatewayLink link, Allowed allowed)
{
    private byte[] _text = [];
    private byte[] _png = [];
    private RdpClipboard _offered;

    /// <summary>The browser's clipboard becomes the desktop's.</summary>
    public void FromBrowser(BrowserInput.ClipboardData data)
    {
        if (!allowed.HasFlag(Allowed.PasteIn)) return;
        if (data.Format == ClipboardFormat.Text)
        {
            var text = Encoding.UTF8.GetString(data.Data).ReplaceLineEndings("\r\n");
            (_text, _png) = (Encoding.Unicode.GetBytes(text + '\0'), []);
            session.OfferClipboard(RdpClipboard.Text);
        }
        else
        {
            (_text, _png) = ([], data.Data);
            session.OfferClipboard(RdpClipboard.Png | RdpClipboard.Dib);
        }
    }

    /// <summary>Something was copied in the desktop.</summary>
    public void Offered(RdpClipboard formats)
    {
        _offered = formats;
        if (!allowed.HasFlag(Allowed.CopyOut)) return;
        var offer = (formats.HasFlag(RdpClipboard.Text) ? 1 : 0) | ((formats & (RdpClipboard.Png | RdpClipboard.Dib)) != 0 ? 2 : 0);
        if (offer != 0) link.Byte(ServerMessage.ClipboardOffer, (byte)offer);
    }

    public void Requested(ClipboardFormat format)
    {
        var wanted = format == ClipboardFormat.Text ? RdpClipboard.Text : _offered.HasFlag(RdpClipboard.Png) ? RdpClipboard.Png : RdpClipboard.Dib;
        if (allowed.HasFlag(Allowed.CopyOut) && _offered.HasFlag(wanted)) session.RequestClipboard(wanted);
    }

    /// <summary>What the machine's clipboard holds, as the browser takes it. Needs nobody's lock: a big picture takes a while.</summary>
    public void FromDesktop(RdpClipboard format, ReadOnlySpan<byte> data)
    {
        if (!allowed.HasFlag(Allowed.CopyOut)) return;
        if (format == RdpClipboard.Text)
        {
            var text = Encoding.Unicode.GetString(data[..(data.Length & ~1)]).TrimEnd('\0').ReplaceLineEndings("\n");
            var utf8 = Encoding.UTF8.GetBytes(text);
            if (utf8.Length <= Html5Limits.LongestClipboardText) link.Clipboard(ClipboardFormat.Text, utf8);
        }
        else if (format == RdpClipboard.Png && data.Length <= Html5Limits.LongestClipboardPicture) link.Clipboard(ClipboardFormat.Png, data);
        else if (format == RdpClipboard.Dib && ClipboardPictures.ToPng(data) is { Length: > 0 } png) link.Clipboard(ClipboardFormat.Png, png);
    }

    /// <summary>The desktop pastes. Needs nobody's lock either.</summary>
    public void Wanted(RdpClipboard format)
    {
        var data = format switch { RdpClipboard.Text => _text, RdpClipboard.Png => _png, RdpClipboard.Dib => ClipboardPictures.ToBitmap(_png), _ => [] };
        session.AnswerClipboard(data.Length == 0 ? RdpClipboard.None : format, data);
    }
}

using System.Buffers.Binary;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Channels;

/// <summary>The browser's microphone: asked for when a program of the desktop listens, and passed on only then.</summary>
internal sealed class Microphone(GatewayLink link)
{
    private readonly Lock _gate = new();
    private (int Channels, int Rate)? _wanted;
    private bool _has;

    /// <summary>A browser came that has a microphone, or one that has none.</summary>
    public void Attach(bool has)
    {
        lock (_gate)
        {
            _has = has;
            if (_has && _wanted is { } format) Ask(true, format.Channels, format.Rate);
        }
    }

    public void Detach()
    {
        lock (_gate) _has = false;
    }

    public void Wanted(bool isWanted, int channels, int rate)
    {
        lock (_gate)
        {
            _wanted = isWanted ? (channels, rate) : null;
            if (_has) Ask(isWanted, channels, rate);
        }
    }

    /// <summary>Half a frame would turn left into right for ever.</summary>
    public void Heard(RdpSession session, ReadOnlySpan<byte> samples)
    {
        int frame;
        lock (_gate)
        {
            if (!_has || _wanted is not { } format) return;
            frame = 2 * format.Channels;
        }
        session.MicrophoneAudio(samples[..(samples.Length / frame * frame)]);
    }

    private void Ask(bool on, int channels, int rate)
    {
        Span<byte> message = stackalloc byte[7];
        message[0] = (byte)ServerMessage.MicrophoneWanted;
        message[1] = on ? (byte)1 : (byte)0;
        message[2] = (byte)channels;
        BinaryPrimitives.WriteUInt32LittleEndian(message[3..], (uint)rate);
        link.Send(message);
    }
}

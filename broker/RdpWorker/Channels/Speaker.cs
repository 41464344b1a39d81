using System.Buffers.Binary;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Channels;

/// <summary>Sound of the desktop, as plain samples. What would come late is dropped: silence for a moment, never a growing delay.</summary>
internal sealed class Speaker(GatewayLink link)
{
    private const int MostWaiting = 192 * 1024;     // bytes before the gateway, pictures included: about a second of a slow line
    private const int LongestPiece = 32 * 1024;
    private const int FullVolume = ushort.MaxValue;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, (int Channels, int Rate)> _formats = [];
    private readonly HashSet<int> _told = [];
    private bool _listens;

    /// <summary>A browser came that plays sound, or one that does not; it knows no format yet.</summary>
    public void Attach(bool listens)
    {
        lock (_gate)
        {
            _listens = listens;
            _told.Clear();
        }
    }

    public void Detach() => Attach(false);

    public void Format(int stream, int channels, int rate)
    {
        lock (_gate)
        {
            _formats[stream] = (channels, rate);
            _told.Remove(stream);
        }
    }

    public void Play(int stream, ushort left, ushort right, ReadOnlySpan<byte> samples)
    {
        lock (_gate)
        {
            if (!_listens || !_formats.TryGetValue(stream, out var format) || (left == 0 && right == 0) || link.WaitingBytes > MostWaiting) return;
            if (_told.Add(stream)) Tell(stream, format.Channels, format.Rate);
            var frame = 2 * format.Channels;
            var longest = LongestPiece / frame * frame;
            for (var at = 0; at < samples.Length; at += longest) Send(stream, samples.Slice(at, Math.Min(longest, samples.Length - at)), format.Channels, left, right);
        }
    }

    private void Tell(int stream, int channels, int rate)
    {
        Span<byte> message = stackalloc byte[8];
        message[0] = (byte)ServerMessage.AudioFormat;
        message[1] = (byte)stream;
        message[2] = 0;                             // PCM
        message[3] = (byte)channels;
        BinaryPrimitives.WriteUInt32LittleEndian(message[4..], (uint)rate);
        link.Send(message);
    }

    private void Send(int stream, ReadOnlySpan<byte> samples, int channels, ushort left, ushort right)
    {
        var rented = GatewayLink.Rent(2 + samples.Length);
        var message = GatewayLink.Body(rented).Span[..(2 + samples.Length)];
        message[0] = (byte)ServerMessage.Audio;
        message[1] = (byte)stream;
        samples.CopyTo(message[2..]);
        // The machine leaves its volume to us: a browser has none for one stream.
        if (left != FullVolume || right != FullVolume) Soften(message[2..], channels, left, right);
        link.Send(rented, message.Length);
    }

    private static void Soften(Span<byte> samples, int channels, ushort left, ushort right)
    {
        for (var at = 0; at + 1 < samples.Length; at += 2)
        {
            var volume = channels == 2 && (at / 2 % 2) == 1 ? right : left;
            BinaryPrimitives.WriteInt16LittleEndian(samples[at..], (short)(BinaryPrimitives.ReadInt16LittleEndian(samples[at..]) * volume / FullVolume));
        }
    }
}

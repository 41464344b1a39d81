using Microsoft.Win32.SafeHandles;
using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Channels.Drive;
using Montalegre.Vdi.RdpWorker.Link;

namespace Montalegre.Vdi.RdpWorker.Channels;

/// <summary>All that passes beside picture, input and clipboard: files, printed documents, sound and microphone, each only where allowed.</summary>
/// <remarks>Each part has a lock of its own: libfreerdp calls on a thread a channel, the browser's messages come on another.</remarks>
internal sealed class BrowserChannels
{
    private readonly Allowed _allowed;
    private readonly PortalDrive? _drive;
    private readonly Printer? _printer;
    private readonly DeviceThread? _devices;
    private readonly Speaker _speaker;
    private readonly Microphone _microphone;

    /// <param name="scratch">Null when the gateway gave none; there are no files and no printing then.</param>
    public BrowserChannels(GatewayLink link, WorkerStart start, SafeFileHandle? scratch)
    {
        (_allowed, _speaker, _microphone) = (start.Allowed, new(link), new(link));
        if (scratch is not null)
        {
            var words = DriveWords.For(start.Browser.Language);
            _drive = new(scratch, start.Drive, start.Allowed, words, link.Send, TimeProvider.System);
            _printer = new(link, _drive, words, (long)start.Drive.LargestFileMegabytes * 1024 * 1024);
            _devices = new(start.ClientName, start.Allowed, _drive, _printer);
        }
        Hear(start.Browser);
    }

    /// <summary>What libfreerdp is to offer to the machine.</summary>
    public static RdpFeatures FeaturesOf(Allowed allowed) =>
        ((allowed & (Allowed.Upload | Allowed.Download | Allowed.Print)) != 0 ? RdpFeatures.Devices : 0)
        | (allowed.HasFlag(Allowed.AudioOut) ? RdpFeatures.Sound : 0)
        | (allowed.HasFlag(Allowed.Microphone) ? RdpFeatures.Microphone : 0);

    /// <summary>From here on the machine is served.</summary>
    public void Start(RdpSession session) => _devices?.Start(session.SendDevices);

    public void DeviceMessage(ReadOnlySpan<byte> message) => _devices?.Put(message);

    public void SoundFormat(int stream, int channels, int rate) => _speaker.Format(stream, channels, rate);

    public void Sound(int stream, ushort left, ushort right, ReadOnlySpan<byte> samples) => _speaker.Play(stream, left, right, samples);

    public void MicrophoneWanted(bool isWanted, int channels, int rate) => _microphone.Wanted(isWanted, channels, rate);

    public void Printed(ReadOnlySpan<byte> message) => _printer?.Printed(message);

    public void Take(BrowserInput input, RdpSession session)
    {
        if (input is BrowserInput.MicrophoneAudio audio)
        {
            if (_allowed.HasFlag(Allowed.Microphone)) _microphone.Heard(session, audio.Samples);
        }
        else _drive?.Take(input);
    }

    /// <summary>After the browser was welcomed: what waits for it follows.</summary>
    public void Attach(Hello browser)
    {
        Hear(browser);
        _drive?.Attach();
    }

    public void Detach()
    {
        _speaker.Detach();
        _microphone.Detach();
        _drive?.Detach();
    }

    private void Hear(Hello browser)
    {
        _speaker.Attach(_allowed.HasFlag(Allowed.AudioOut) && browser.Capabilities.HasFlag(BrowserCapabilities.AudioOut));
        _microphone.Attach(_allowed.HasFlag(Allowed.Microphone) && browser.Capabilities.HasFlag(BrowserCapabilities.Microphone));
    }
}

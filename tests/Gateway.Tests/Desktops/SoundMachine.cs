using System.Net.Sockets;

namespace Montalegre.Vdi.Gateway.Tests.Desktops;

/// <summary>A real xrdp whose session takes smart cards, sound and a microphone. A FreeRDP 2 client's drives it never hears of: see <see cref="DeviceServer"/>.</summary>
public sealed class SoundMachine : XrdpMachine
{
    // What PulseAudio's source for xrdp asks first: a header of eight bytes with the length, and "start recording".
    private static readonly byte[] StartRecording = [0, 0, 0, 0, 11, 0, 0, 0, 1, 0, 0];

    protected override string MoreChannels => "rdpdr=true\nrdpsnd=true";

    /// <summary>What the session's channel server wrote, of all sessions so far.</summary>
    public string ChannelLog =>
        string.Join('\n', Directory.Exists(LogFolder) ? Directory.GetFiles(LogFolder, "xrdp-chansrv.*.log").Select(File.ReadAllText) : []);

    private string LogFolder => $"/home/{UserName}/.local/share/xrdp";

    /// <summary>A program of the session wants the microphone; the channel server then asks the client to open it.</summary>
    public async Task<Socket> RecordAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint($"/proc/{ChannelServer()}/root/run/xrdp/sockdir/xrdp_chansrv_audio_in_socket_{Display()[1..]}"));
        await socket.SendAsync(StartRecording);
        return socket;
    }
}

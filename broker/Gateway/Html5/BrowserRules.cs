using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>What is checked of a browser's message before the worker sees it.</summary>
internal static class BrowserRules
{
    private const int WholeCheck = 2048;

    /// <summary>Small messages are read whole; of big ones, which are somebody's data, only kind and length are looked at.</summary>
    public static void Check(ReadOnlySpan<byte> message)
    {
        if (message.Length <= WholeCheck)
        {
            BrowserInput.Read(message);
            return;
        }
        var most = (BrowserMessage)message[0] switch
        {
            BrowserMessage.ClipboardData => Html5Limits.LongestFromBrowser,
            BrowserMessage.FileChunk => (64 * 1024) + 5,
            BrowserMessage.MicrophoneAudio => (32 * 1024) + 1,
            _ => WholeCheck,
        };
        if (message.Length > most) WireFormatException.Throw(nameof(BrowserInput), "length", $"{message.Length} bytes of type 0x{message[0]:X2}");
    }

    /// <summary>Whether a person did something; what a browser sends by itself keeps no desktop open.</summary>
    public static bool IsActivity(BrowserMessage type) => type is not (BrowserMessage.Ack or BrowserMessage.Ping or BrowserMessage.Visible or BrowserMessage.FileProgress);
}

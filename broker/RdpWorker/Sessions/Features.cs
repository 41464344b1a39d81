using Montalegre.Vdi.Native.FreeRdp;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.RdpWorker.Channels;

namespace Montalegre.Vdi.RdpWorker.Sessions;

/// <summary>What a session may use: what the pool allows and the browser can.</summary>
internal static class Features
{
    public static RdpFeatures Of(WorkerStart start) =>
        (start.Secret.Length > 0 ? RdpFeatures.Nla : 0)
        | BrowserChannels.FeaturesOf(start.Allowed)
        | ((start.Allowed & (Allowed.PasteIn | Allowed.CopyOut)) != 0 ? RdpFeatures.Clipboard : 0)
        | (start.Allowed.HasFlag(Allowed.Resize) ? RdpFeatures.Resize : 0)
        | (start.Allowed.HasFlag(Allowed.H264) && start.Browser.Capabilities.HasFlag(BrowserCapabilities.Avc1) ? RdpFeatures.Graphics | RdpFeatures.H264 | (start.Allowed.HasFlag(Allowed.Avc444) ? RdpFeatures.Avc444 : 0) : 0);
}

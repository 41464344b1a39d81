using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Clipboard;
using Montalegre.Vdi.Protocol.FrontEnd;
using Montalegre.Vdi.Protocol.Devices;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Nla;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Splice;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>Everything that reads bytes of a stranger on the wire.</summary>
internal static class WireParsers
{
    private static readonly SignIn SignIn = new("DOMAIN", "maria", "a secret of some length"u8) { Program = "gedit --new-window" };

    private static readonly ClientDataEdit Edit = new(SecurityProtocols.HybridEx, new HashSet<string> { "cliprdr", "rdpdr" });

    public static IReadOnlyList<Parser> All { get; } =
    [
        new("tpkt", [Samples.ErectDomain, Samples.ConnectInitial], bytes => TpktFrame.TryRead(bytes, TpktFrame.LongestPossible, out _)),
        new("request", [Samples.ConnectionRequestWithTicket, Samples.ConnectionRequestWithUserName], bytes => ConnectionRequest.Read(bytes)),
        new("preconnection", [Samples.PreconnectionBlob, Samples.PreconnectionBlob[..16]], ReadPreconnectionBlob),
        new("confirm", [Samples.ConnectionConfirmTls, Samples.ConnectionConfirmFailed], bytes => ConnectionConfirm.Read(bytes)),
        new("initial", [Samples.ConnectInitial], bytes => ConnectInitial.Rewrite(bytes, Edit)),
        new("senddata", [Samples.ClientInfoUnicode, Samples.ClientInfoAnsi], bytes => SendDataRequest.Read(bytes)),
        new("clientinfo", [Samples.ClientInfoUnicode, Samples.ClientInfoAnsi], RewriteClientInfo),
        .. TsguParsers.All,
        new("hello", [Html5Samples.Hello], bytes => Hello.Read(bytes)),
        new("browserinput", Html5Samples.Inputs, bytes => BrowserInput.Read(bytes)),
        new("devicechannel", [DeviceSamples.ServerAnnounce, DeviceSamples.ServerCapability, DeviceSamples.ClientIdConfirm, DeviceSamples.UserLoggedOn, DeviceSamples.DeviceReply, DeviceSamples.Request],
            bytes => new DeviceChannel("browser", [Device.Drive(1, "Portal")], _ => { }).Step(bytes)),
        new("devicerequest", DeviceSamples.Bodies, bytes => DeviceRequest.From(bytes.Length > 0 ? bytes[0] : 0u, 1, bytes.AsSpan(Math.Min(1, bytes.Length)))),
        new("frame", [Html5Samples.Frame], bytes => FrameMessage.Read(bytes)),
        new("workerstart", [Html5Samples.WorkerStart], bytes => WorkerStart.Read(bytes)),
        new("bitmap", [BitmapSamples.TwoByTwo, BitmapSamples.OneBit, BitmapSamples.Masked, BitmapSamples.Version5], ReadBitmap),
        new("splice", [[.. Samples.ConnectInitial, .. Samples.ErectDomain, .. Samples.AttachUser, .. Samples.ChannelJoin, .. Samples.ClientInfoUnicode]], Splice),
        new("typed", [Samples.ClientInfoUnicode, Samples.ClientInfoAnsi], bytes => ClientInfo.ReadTyped(bytes).Dispose()),
        new("tsrequest", [TsRequests.Challenge, TsRequests.Proof, TsRequests.Refusal], ReadTsRequest),
        new("channels", [ChannelSamples.Talk], FilterChannels),
        new("frontend", [FrontEndSamples.Visit, [.. FrontEndSamples.Visit, .. FrontEndSamples.Disconnect]], VisitFrontEnd),
    ];

    private static void ReadPreconnectionBlob(byte[] bytes)
    {
        if (bytes.Length < PreconnectionBlob.LengthPrefix) return;
        PreconnectionBlob.ReadLength(bytes);
        PreconnectionBlob.Read(bytes);
    }

    private static void RewriteClientInfo(byte[] bytes)
    {
        var w = new WireWriter(new byte[SpliceSequence.LongestOutput + bytes.Length], nameof(ClientInfo));
        ClientInfo.Rewrite(bytes, SignIn, ref w);
        var status = TpktFrame.TryRead(w.WrittenSpan, TpktFrame.LongestPossible, out var length);
        if (status != FrameStatus.Complete || length != w.Written) throw new InvalidOperationException("What was rewritten is not a frame.");
    }

    private static void Splice(byte[] bytes)
    {
        var sequence = new SpliceSequence(Edit, SignIn);
        var output = new byte[SpliceSequence.LongestOutput];
        var rest = bytes.AsSpan();
        while (!sequence.Done)
        {
            var w = new WireWriter(output, nameof(SpliceSequence));
            if (!sequence.TryStep(rest, ref w, out var consumed)) return;
            if (consumed <= 0 || consumed > rest.Length) throw new InvalidOperationException("A step took nothing, or more than there was.");
            rest = rest[consumed..];
        }
    }

    private static void VisitFrontEnd(byte[] bytes)
    {
        using var server = new FrontEndSequence(SecurityProtocols.Tls);
        var output = new byte[FrontEndSequence.LongestOutput];
        var rest = bytes.AsSpan();
        while (true)
        {
            var w = new WireWriter(output, nameof(FrontEndSequence));
            var step = server.Step(rest, ref w, out var consumed);
            if (step is FrontEndStep.NeedMoreBytes or FrontEndStep.Left) return;
            if (step == FrontEndStep.SignInRead) server.WriteActivation(ref w);
            if (consumed <= 0 || consumed > rest.Length) throw new InvalidOperationException("A step took nothing, or more than there was.");
            rest = rest[consumed..];
        }
    }

    private static void ReadBitmap(byte[] bytes)
    {
        var bitmap = DeviceBitmap.Read(bytes);
        var row = new byte[bitmap.Width * 3];
        for (var y = 0; y < bitmap.Height; y++) bitmap.ReadRow(y, row);
    }

    private static void ReadTsRequest(byte[] bytes)
    {
        if (!TsRequest.TryFrame(bytes, out var length)) return;
        var read = TsRequest.Read(bytes.AsMemory(0, length));
        var again = TsRequest.Read(read.Write());
        if (again.ToString() != read.ToString() || again.NegoToken?.Length != read.NegoToken?.Length) throw new InvalidOperationException("What was written is not what was read.");
    }

    private static void FilterChannels(byte[] bytes)
    {
        var filter = new ChannelFilter(new ChannelPolicy { ClipboardToDesktop = false, Drives = false, Usb = false });
        var rest = bytes.AsSpan();
        // Frames of both sides in turn, as far as one can tell them: the filter may not trust that either.
        while (RdpFrame.TryRead(rest, out var length, out var isTpkt))
        {
            if (isTpkt && length > 7 && rest[7] is 0x64 || (isTpkt && length > 8 && rest[7] == 0x7F && rest[8] == 0x65)) filter.FromClient(rest[..length]);
            else if (isTpkt) filter.FromMachine(rest[..length]);
            rest = rest[length..];
        }
    }
}

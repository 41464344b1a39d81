using Montalegre.Vdi.Fuzz.Corpus;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Splice;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Fuzz.Fuzzing;

/// <summary>Everything that reads bytes of a stranger, each with good bytes to start from.</summary>
internal sealed record Parser(string Name, byte[][] Corpus, Action<byte[]> Read)
{
    private static readonly SignIn SignIn = new("DOMAIN", "maria", "a secret of some length"u8);

    public static IReadOnlyList<Parser> All { get; } =
    [
        new("tpkt", [Samples.ErectDomain, Samples.ConnectInitial], bytes => TpktFrame.TryRead(bytes, TpktFrame.LongestPossible, out _)),
        new("request", [Samples.ConnectionRequestWithTicket, Samples.ConnectionRequestWithUserName], bytes => ConnectionRequest.Read(bytes)),
        new("confirm", [Samples.ConnectionConfirmTls, Samples.ConnectionConfirmFailed], bytes => ConnectionConfirm.Read(bytes)),
        new("initial", [Samples.ConnectInitial], bytes => ConnectInitial.RewriteSelectedProtocol(bytes, SecurityProtocols.HybridEx)),
        new("senddata", [Samples.ClientInfoUnicode, Samples.ClientInfoAnsi], bytes => SendDataRequest.Read(bytes)),
        new("clientinfo", [Samples.ClientInfoUnicode, Samples.ClientInfoAnsi], RewriteClientInfo),
        new("hello", [Html5Samples.Hello], bytes => Hello.Read(bytes)),
        new("browserinput", Html5Samples.Inputs, bytes => BrowserInput.Read(bytes)),
        new("frame", [Html5Samples.Frame], bytes => FrameMessage.Read(bytes)),
        new("workerstart", [Html5Samples.WorkerStart], bytes => WorkerStart.Read(bytes)),
        new("splice", [[.. Samples.ConnectInitial, .. Samples.ErectDomain, .. Samples.AttachUser, .. Samples.ChannelJoin, .. Samples.ClientInfoUnicode]], Splice),
    ];

    private static void RewriteClientInfo(byte[] bytes)
    {
        var w = new WireWriter(new byte[SpliceSequence.LongestOutput + bytes.Length], nameof(ClientInfo));
        ClientInfo.Rewrite(bytes, SignIn, ref w);
        var status = TpktFrame.TryRead(w.WrittenSpan, TpktFrame.LongestPossible, out var length);
        if (status != FrameStatus.Complete || length != w.Written) throw new InvalidOperationException("What was rewritten is not a frame.");
    }

    private static void Splice(byte[] bytes)
    {
        var sequence = new SpliceSequence(SecurityProtocols.HybridEx, SecurityProtocols.Tls, SignIn);
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
}

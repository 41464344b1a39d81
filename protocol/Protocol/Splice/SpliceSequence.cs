using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Splice;

/// <summary>
/// Follows what the client says inside TLS, frame by frame, until its Client Info PDU carries our sign-in. Whatever the
/// machine says in that time goes to the client unchanged, so this sequence does not look at it.
/// </summary>
/// <param name="edit">What the machine must not see, or must see otherwise, of what the client says about itself.</param>
/// <param name="signIn">Null when the broker gave none: the person types at the machine's own prompt.</param>
public sealed class SpliceSequence(ClientDataEdit edit, SignIn? signIn)
{
    /// <summary>Our limit: a Connect Initial with 16 monitors and a full Client Info are both far below.</summary>
    public const int LongestFrame = 8 * 1024;

    /// <summary>Room the caller's buffer must have for one step: the frame, a longer sign-in and a program.</summary>
    public const int LongestOutput = LongestFrame + (4 * 512);

    /// <summary>Erect Domain, Attach User, 33 channel joins, and one redundant message each for good measure.</summary>
    private const int MostFrames = 72;

    private const string Pdu = "Splice";
    private const byte ErectDomain = 0x04;
    private const byte AttachUser = 0x28;
    private const byte ChannelJoin = 0x38;

    private int _frames;

    /// <summary>True from the moment the Client Info is out: everything after it is copied blindly.</summary>
    public bool Done { get; private set; }

    /// <summary>What the client told about its screen, once it has.</summary>
    public ConnectInitial? Client { get; private set; }

    /// <summary>Takes one whole frame off <paramref name="received"/> and writes what the machine gets; false when more bytes are needed.</summary>
    public bool TryStep(ReadOnlySpan<byte> received, ref WireWriter toMachine, out int consumed)
    {
        if (Done) throw new InvalidOperationException("The splice is done; copy what follows.");
        switch (TpktFrame.TryRead(received, LongestFrame, out consumed))
        {
            case FrameStatus.NeedMoreBytes: return false;
            case FrameStatus.NotTpkt: WireFormatException.Throw(Pdu, "frame", "is not TPKT before the Client Info"); break;
        }
        if (++_frames > MostFrames) WireFormatException.Throw(Pdu, "frames", $"over {MostFrames} before the Client Info");

        var frame = received[..consumed];
        if (Client is null) StepConnectInitial(frame, ref toMachine);
        else StepDomain(frame, ref toMachine);
        return true;
    }

    private void StepConnectInitial(ReadOnlySpan<byte> frame, ref WireWriter toMachine)
    {
        Client = ConnectInitial.Read(frame);
        var copy = toMachine.Take(frame.Length);
        frame.CopyTo(copy);
        ConnectInitial.Rewrite(copy, edit);
    }

    private void StepDomain(ReadOnlySpan<byte> frame, ref WireWriter toMachine)
    {
        var r = new WireReader(frame, Pdu);
        X224Data.Read(ref r);
        var choice = r.ReadByte("choice");
        switch (choice)
        {
            case ErectDomain or AttachUser or ChannelJoin:
                toMachine.WriteBytes(frame);
                break;
            case SendDataRequest.Choice:
                var request = SendDataRequest.Read(frame);
                if (!ClientInfo.IsClientInfo(request.UserData))
                    WireFormatException.Throw(Pdu, "sendData", "came before the Client Info");
                if (signIn is null) toMachine.WriteBytes(frame);
                else ClientInfo.Rewrite(frame, signIn, ref toMachine);
                Done = true;
                break;
            default:
                WireFormatException.Throw(Pdu, "choice", $"0x{choice:X2} has no place before the Client Info");
                break;
        }
    }
}

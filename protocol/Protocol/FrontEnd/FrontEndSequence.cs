using Montalegre.Vdi.Protocol.Mcs;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Tpkt;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.FrontEnd;

/// <summary>What one frame of a client meant.</summary>
public enum FrontEndStep
{
    NeedMoreBytes,
    Nothing,

    /// <summary>The Client Info is read: <see cref="FrontEndSequence.TakeSignIn"/> has what the person typed.</summary>
    SignInRead,

    /// <summary>The client shows what it is sent from now on.</summary>
    Active,

    /// <summary>A key or a mouse button went down.</summary>
    Input,

    /// <summary>The client says that it leaves.</summary>
    Left,
}

/// <summary>
/// The server side of an RDP connection from inside TLS on, MS-RDPBCGR 1.3.1.1, as far as a small server needs it that
/// shows pictures, hears keys and may send the client on with a routing token.
/// </summary>
/// <param name="requested">What the client asked for in its Connection Request.</param>
public sealed class FrontEndSequence(SecurityProtocols requested) : IDisposable
{
    /// <summary>Our limit: nothing a client sends here comes near it.</summary>
    public const int LongestFrame = 16 * 1024;

    /// <summary>Room that one step, activation, picture or end needs.</summary>
    public const int LongestOutput = 16 * 1024;

    /// <summary>The side of the squares a picture is sent in.</summary>
    public const int LongestSide = BitmapUpdate.LongestSide;

    private const string Pdu = "FrontEnd";
    private const int MostFramesBeforeActive = 200;
    private const byte ErectDomain = 0x04;
    private const byte AttachUser = 0x28;
    private const byte ChannelJoin = 0x38;
    private const byte Disconnect = 0x21;
    private const ushort SmallestSide = 200;
    private const ushort LargestSide = 8192;

    private enum State { Connecting, Joining, SignInRead, Activating, Active }

    private State _state;
    private int _frames;
    private TypedSignIn? _signIn;

    /// <summary>What the client told about itself, once it has.</summary>
    public ConnectInitial? Client { get; private set; }

    /// <summary>The client's screen as this server uses it, in pixels.</summary>
    public (ushort Width, ushort Height) Screen =>
        Client is { } client ? (Side(client.DesktopWidth, 1024), Side(client.DesktopHeight, 768)) : default;

    /// <summary>16, or 24 where the client can: both compress the same way and every client has one of them.</summary>
    public ushort BitsPerPixel => Client?.HighColorDepth >= 24 ? (ushort)24 : (ushort)16;

    /// <summary>What the person typed; it is the caller's from now on, to dispose it.</summary>
    public TypedSignIn TakeSignIn()
    {
        var taken = _signIn ?? throw new InvalidOperationException("There is no sign-in to take.");
        _signIn = null;
        return taken;
    }

    /// <summary>Takes one whole frame off <paramref name="received"/> and writes what the client gets back.</summary>
    public FrontEndStep Step(ReadOnlySpan<byte> received, ref WireWriter reply, out int consumed)
    {
        switch (TpktFrame.TryRead(received, LongestFrame, out consumed))
        {
            case FrameStatus.NeedMoreBytes: return FrontEndStep.NeedMoreBytes;
            case FrameStatus.NotTpkt: WireFormatException.Throw(Pdu, "frame", "is not TPKT"); break;
        }
        if (_state != State.Active && ++_frames > MostFramesBeforeActive)
            WireFormatException.Throw(Pdu, "frames", $"over {MostFramesBeforeActive} before the client was active");

        var frame = received[..consumed];
        if (_state != State.Connecting) return StepDomain(frame, ref reply);
        Client = ConnectInitial.Read(frame);
        ConnectResponse.Write(ref reply, requested, Client.Value.Channels.Count);
        _state = State.Joining;
        return FrontEndStep.Nothing;
    }

    /// <summary>Lets the client show pictures; only once, after <see cref="FrontEndStep.SignInRead"/>.</summary>
    public void WriteActivation(ref WireWriter w)
    {
        if (_state != State.SignInRead) throw new InvalidOperationException($"A client cannot be activated while {_state}.");
        License.WriteValidClient(ref w);
        DemandActive.Write(ref w, Screen.Width, Screen.Height, BitsPerPixel);
        _state = State.Activating;
    }

    /// <summary>One square of a picture. The pixels are 0xRRGGBB, row by row from the top.</summary>
    public void WritePicture(ref WireWriter w, ScreenRectangle where, scoped ReadOnlySpan<int> pixels)
    {
        if (_state != State.Active) throw new InvalidOperationException($"A client sees nothing while {_state}.");
        BitmapUpdate.Write(ref w, where, pixels, BitsPerPixel);
    }

    /// <summary>Sends the client back to this address with a routing token. It closes the connection itself.</summary>
    public void WriteRedirection(ref WireWriter w, string ticket)
    {
        if (_state == State.SignInRead) License.WriteValidClient(ref w);
        ServerRedirection.Write(ref w, ticket);
    }

    /// <summary>Says why, where the client can hear it, and goodbye.</summary>
    public void WriteEnd(ref WireWriter w, ErrorInfoCode code)
    {
        if (_state == State.Active && code != ErrorInfoCode.None && Client?.SupportsErrorInfo == true) ErrorInfo.Write(ref w, code);
        DomainAnswers.WriteDisconnect(ref w);
    }

    public void Dispose() => _signIn?.Dispose();

    private FrontEndStep StepDomain(ReadOnlySpan<byte> frame, ref WireWriter reply)
    {
        var r = new WireReader(frame, Pdu);
        X224Data.Read(ref r);
        var choice = r.ReadByte("choice");
        switch (choice)
        {
            case ErectDomain when _state == State.Joining:
                return FrontEndStep.Nothing;
            case AttachUser when _state == State.Joining:
                DomainAnswers.WriteAttachUserConfirm(ref reply);
                return FrontEndStep.Nothing;
            case ChannelJoin when _state == State.Joining:
                r.ReadUInt16BigEndian("initiator");
                DomainAnswers.WriteChannelJoinConfirm(ref reply, r.ReadUInt16BigEndian("channelId"));
                return FrontEndStep.Nothing;
            case SendDataRequest.Choice:
                return StepData(frame, ref reply);
            case Disconnect:
                return FrontEndStep.Left;
            default:
                WireFormatException.Throw(Pdu, "choice", $"0x{choice:X2} has no place while {_state}");
                return default;
        }
    }

    private FrontEndStep StepData(ReadOnlySpan<byte> frame, ref WireWriter reply)
    {
        if (_state == State.Joining)
        {
            _signIn = ClientInfo.ReadTyped(frame);
            _state = State.SignInRead;
            return FrontEndStep.SignInRead;
        }
        var request = SendDataRequest.Read(frame);
        if (request.ChannelId != ConnectResponse.IoChannel) return FrontEndStep.Nothing;    // virtual channels say hello to nobody here
        var r = new WireReader(request.UserData, Pdu);
        r.ReadUInt16("totalLength");
        var type = (SharePduType)r.ReadUInt16("pduType");
        r.ReadUInt16("pduSource");
        switch (type)
        {
            case SharePduType.ConfirmActive when _state == State.Activating:
                Finalisation.WriteSynchronize(ref reply);
                Finalisation.WriteCooperate(ref reply);
                return FrontEndStep.Nothing;
            case SharePduType.Data when _state >= State.Activating:
                return StepShareData(ref r, ref reply);
            default:
                WireFormatException.Throw(Pdu, "pduType", $"0x{(ushort)type:X4} has no place while {_state}");
                return default;
        }
    }

    private FrontEndStep StepShareData(ref WireReader r, ref WireWriter reply)
    {
        r.ReadBytes(8, "shareId to uncompressedLength");
        var type = (ShareDataType)r.ReadByte("pduType2");
        r.ReadBytes(3, "compression");
        switch (type)
        {
            case ShareDataType.Control:
                if (r.ReadUInt16("action") == Finalisation.RequestControl) Finalisation.WriteGranted(ref reply);
                return FrontEndStep.Nothing;
            case ShareDataType.FontList when _state == State.Activating:
                Finalisation.WriteFontMap(ref reply);
                _state = State.Active;
                return FrontEndStep.Active;
            case ShareDataType.Input:
                return ClientInput.HasPress(ref r) ? FrontEndStep.Input : FrontEndStep.Nothing;
            case ShareDataType.ShutdownRequest:
                return FrontEndStep.Left;
            default:
                return FrontEndStep.Nothing;                // suppress output, bitmap cache keys and the like change nothing here
        }
    }

    private static ushort Side(ushort told, ushort otherwise) => told is >= SmallestSide and <= LargestSide ? told : otherwise;
}

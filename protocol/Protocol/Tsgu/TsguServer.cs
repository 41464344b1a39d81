using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Protocol.Tsgu;

/// <summary>How far a connection has come, MS-TSGU 3.2.1.2; each packet is right in exactly one of them.</summary>
public enum TsguState { Handshake, TunnelCreate, Redeeming, TunnelAuthentication, ChannelCreate, Connecting, Open, Proved, Refused }

/// <summary>What this gateway tells every client.</summary>
/// <param name="Consent">Shown before anything else where the client can; null for none.</param>
/// <param name="OnlyClientsThatShowMessages">Refuses a client that could not show <paramref name="Consent"/>.</param>
/// <param name="WithoutCookie">True when the person proved who they are in HTTP already; then no cookie is wanted.</param>
/// <param name="Reauthentication">Whether clients are asked to prove themselves again while their channel is open.</param>
public sealed record TsguSettings(string? Consent, bool OnlyClientsThatShowMessages, uint IdleMinutes, bool WithoutCookie, bool Reauthentication = false);

/// <summary>What the driver is to do after a packet; a reply may be written as well.</summary>
public abstract record TsguStep
{
    private TsguStep() { }

    /// <summary>Read on.</summary>
    public sealed record Continue : TsguStep;

    /// <summary>Find out who this cookie is for, then <see cref="TsguServer.GrantTunnel"/> or <see cref="TsguServer.Deny"/>.</summary>
    public sealed record Redeem(string? Cookie) : TsguStep
    {
        public override string ToString() => "Redeem";
    }

    /// <summary>
    /// The client of another, open tunnel proves itself again: find that tunnel and compare, then
    /// <see cref="TsguServer.GrantTunnel"/> or <see cref="TsguServer.Deny"/>. Such a tunnel never gets a channel.
    /// </summary>
    public sealed record ProveAgain(ulong Context, string? Cookie) : TsguStep
    {
        public override string ToString() => "ProveAgain";
    }

    /// <summary>Connect to the resource if it is the right one, then <see cref="TsguServer.GrantChannel"/> or <see cref="TsguServer.Deny"/>.</summary>
    public sealed record Connect(TsguChannelCreate Channel) : TsguStep;

    /// <summary>The reply says why; send it and close.</summary>
    public sealed record Refused(TsguError Error) : TsguStep;
}

/// <summary>The gateway's side of MS-TSGU up to an open channel (3.2.5): packets in, replies out.</summary>
public sealed class TsguServer(TsguSettings settings, uint tunnelId)
{
    /// <summary>The longest thing we ever say before the channel stands.</summary>
    public const int LongestReply = TsguTunnelResponse.LongestConsent + 256;

    private static readonly TsguStep Read = new TsguStep.Continue();
    private TsguCapabilities _offered;
    private bool _provesAgain;

    public TsguState State { get; private set; }

    /// <summary>What the client says it can.</summary>
    public TsguCapabilities ClientCapabilities { get; private set; }

    /// <summary>Name of the client's computer, as it says; only what can be shown.</summary>
    public string ClientName { get; private set; } = "";

    /// <summary>What the pool lets a client redirect; set before the tunnel is authorised.</summary>
    public TsguRedirection Redirection { get; set; } = TsguRedirection.EverythingAllowed;

    /// <summary>Takes one whole packet. A packet out of its place, or broken, is a <see cref="WireFormatException"/>.</summary>
    public TsguStep Take(ReadOnlySpan<byte> packet, ref WireWriter reply)
    {
        if (!TsguFrame.TryRead(packet, TsguFrame.LongestHandshakePacket, out var type, out var length) || length != packet.Length)
            WireFormatException.Throw("TsguPacket", "packetLength", "is not the packet's");
        // A person may read the consent message for a while; some clients keep the way open meanwhile.
        if (type == TsguPacketType.Keepalive && packet.Length == TsguSmall.KeepaliveLength && State > TsguState.TunnelCreate) return Read;
        switch (State, type)
        {
            case (TsguState.Handshake, TsguPacketType.HandshakeRequest): return Handshake(TsguHandshakeRequest.Read(packet), ref reply);
            case (TsguState.TunnelCreate, TsguPacketType.TunnelCreate): return Tunnel(TsguTunnelCreate.Read(packet), ref reply);
            case (TsguState.TunnelAuthentication, TsguPacketType.TunnelAuthentication): return Authorise(TsguTunnelAuthentication.Read(packet), ref reply);
            case (TsguState.ChannelCreate, TsguPacketType.ChannelCreate): return Channel(TsguChannelCreate.Read(packet), ref reply);
            default:
                throw new WireFormatException($"TsguPacket.packetType: 0x{(ushort)type:X} has no place in state {State}");
        }
    }

    /// <summary>The cookie was good.</summary>
    public void GrantTunnel(ref WireWriter reply)
    {
        Expect(TsguState.Redeeming);
        // Who proves themselves again has agreed already.
        var consent = !_provesAgain && ClientCapabilities.HasFlag(TsguCapabilities.Consent) ? settings.Consent : null;
        new TsguTunnelResponse(TsguError.None, tunnelId, _offered, consent).Write(ref reply);
        State = TsguState.TunnelAuthentication;
    }

    /// <summary>The way to the machine stands: bytes follow.</summary>
    public void GrantChannel(ref WireWriter reply)
    {
        Expect(TsguState.Connecting);
        new TsguChannelResponse(TsguError.None, 1).Write(ref reply);
        State = TsguState.Open;
    }

    /// <summary>Says no to what is being asked for now, in the packet that answers it.</summary>
    public TsguStep.Refused Deny(TsguError error, ref WireWriter reply)
    {
        switch (State)
        {
            case TsguState.Handshake: new TsguHandshakeResponse(error, 1, 0, 0, ExtendedAuthentication.None).Write(ref reply); break;
            case TsguState.TunnelCreate or TsguState.Redeeming: new TsguTunnelResponse(error, null, null, null).Write(ref reply); break;
            case TsguState.TunnelAuthentication: new TsguTunnelAuthenticationResponse(error, null, null).Write(ref reply); break;
            case TsguState.ChannelCreate or TsguState.Connecting: new TsguChannelResponse(error, null).Write(ref reply); break;
            default: throw new InvalidOperationException($"Nothing is asked for in state {State}.");
        }
        State = TsguState.Refused;
        return new(error);
    }

    private TsguStep Handshake(TsguHandshakeRequest request, ref WireWriter reply)
    {
        // Only the cookie is spoken here; a client that proved itself in HTTP needs nothing more.
        var spoken = settings.WithoutCookie ? ExtendedAuthentication.None : request.Authentication & ExtendedAuthentication.Cookie;
        if (!settings.WithoutCookie && spoken == ExtendedAuthentication.None) return Deny(TsguError.AuthenticationMethod, ref reply);
        new TsguHandshakeResponse(TsguError.None, request.Major, request.Minor, 0, spoken).Write(ref reply);
        State = TsguState.TunnelCreate;
        return Read;
    }

    private TsguStep Tunnel(TsguTunnelCreate create, ref WireWriter reply)
    {
        ClientCapabilities = create.Capabilities;
        _offered = TsguCapabilities.IdleTimeout | TsguCapabilities.ServiceMessage | (settings.Consent is null ? 0 : TsguCapabilities.Consent)
            | (settings.Reauthentication ? TsguCapabilities.Reauthentication : 0);
        if (settings is { Consent: not null, OnlyClientsThatShowMessages: true } && !create.Capabilities.HasFlag(TsguCapabilities.Consent))
            return Deny(TsguError.CapabilityMismatch, ref reply);
        string? cookie = null;
        if (!settings.WithoutCookie)
        {
            if (create.Cookie is null) return Deny(TsguError.CookieDenied, ref reply);
            if (create.Cookie.Length == 0 || !TsguFrame.TryText(create.Cookie, out var text)) return Deny(TsguError.CookieBadPacket, ref reply);
            cookie = text;
        }
        if (create.ReauthenticationContext is not null && !settings.Reauthentication) return Deny(TsguError.CapabilityMismatch, ref reply);
        State = TsguState.Redeeming;
        _provesAgain = create.ReauthenticationContext is not null;
        return create.ReauthenticationContext is { } context ? new TsguStep.ProveAgain(context, cookie) : new TsguStep.Redeem(cookie);
    }

    private TsguStep Authorise(TsguTunnelAuthentication authentication, ref WireWriter reply)
    {
        ClientName = new string([.. authentication.ClientName.Take(100).Select(c => char.IsLetterOrDigit(c) || c is '-' or '.' or '_' or ' ' ? c : '?')]);
        new TsguTunnelAuthenticationResponse(TsguError.None, Redirection, settings.IdleMinutes).Write(ref reply);
        State = _provesAgain ? TsguState.Proved : TsguState.ChannelCreate;
        return Read;
    }

    private TsguStep Channel(TsguChannelCreate create, ref WireWriter reply)
    {
        if (create.Protocol != TsguChannelCreate.Rdp) return Deny(TsguError.ResourceDenied, ref reply);
        State = TsguState.Connecting;
        return new TsguStep.Connect(create);
    }

    private void Expect(TsguState state)
    {
        if (State != state) throw new InvalidOperationException($"State is {State}, not {state}.");
    }
}

using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Nla;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>What became of the way to the machine.</summary>
internal abstract record MachineAnswer
{
    private MachineAnswer() { }

    /// <param name="Confirm">What the machine negotiated; the client gets the same flags, because it acts on them.</param>
    /// <param name="Asked">What the machine was asked for: what the client asked, and more where the machine wanted it.</param>
    public sealed record Ready(TlsStream Stream, ConnectionConfirm.Accepted Confirm, SecurityProtocols Asked) : MachineAnswer;

    public sealed record Refused(ReasonCode Code) : MachineAnswer;
}

/// <summary>Connects to the machine of a redeemed ticket and speaks with it until TLS stands and its certificate is the pinned one.</summary>
internal sealed class MachineLeg(IOptions<GatewayOptions> options, TimeProvider time, ILogger<MachineLeg> log)
{
    private const int Attempts = 2;

    private static readonly TlsContext Context = TlsContext.Client();

    /// <param name="connected">A connection that stands already; the first attempt takes it over.</param>
    public async Task<MachineAnswer> ConnectAsync(MachineTarget target, ConnectionRequest request, CancellationToken ct, Socket? connected = null)
    {
        // A desktop that has just started may refuse once while its server comes up.
        for (var attempt = 1; ; attempt++)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var timer = time.CreateTimer(static d => ((CancellationTokenSource)d!).Cancel(), deadline, options.Value.MachineDeadline, Timeout.InfiniteTimeSpan);
            try
            {
                var answer = await TryConnectAsync(target, request, attempt == 1 ? connected : null, deadline.Token);
                // The client's own leg has no network level authentication, so many ask for TLS alone; the machine gets it all the same.
                return answer ?? await TryConnectAsync(target, WithHybrid(request), null, deadline.Token) ?? new MachineAnswer.Refused(ReasonCode.NotSupported);
            }
            catch (Exception e) when (e is SocketException or IOException or AuthenticationException or WireFormatException or OperationCanceledException
                && !ct.IsCancellationRequested)
            {
                log.MachineDidNotAnswer(target.MachineId, e is OperationCanceledException ? $"no answer within {options.Value.MachineDeadline}" : e.Message);
                if (attempt == Attempts) return new MachineAnswer.Refused(ReasonCode.MachineDidNotAnswer);
            }
        }
    }

    private static ConnectionRequest WithHybrid(ConnectionRequest request) =>
        request with { Negotiation = request.Negotiation!.Value with { Requested = request.Negotiation.Value.Requested | SecurityProtocols.Hybrid } };

    /// <summary>Null: the machine wants network level authentication, for which it was not asked.</summary>
    private async Task<MachineAnswer?> TryConnectAsync(MachineTarget target, ConnectionRequest request, Socket? connected, CancellationToken ct)
    {
        var network = connected is null ? await TcpStream.ConnectAsync(target.Address, target.Port, ct) : new TcpStream(connected);
        var kept = false;
        try
        {
            network.GiveUpAfter(options.Value.MachineSilence);
            switch (await NegotiateAsync(network, request, ct))
            {
                case ConnectionConfirm.Accepted confirm when confirm.Selected == SecurityProtocols.Tls || (IsHybrid(confirm) && target.SignIn is not null):
                    var (tls, pinned) = await AuthenticateAsync(network, target, ct);
                    if (!pinned)
                    {
                        log.MachineCertificateChanged(target.MachineId, target.SessionId);
                        return new MachineAnswer.Refused(ReasonCode.MachineCertificateChanged);
                    }
                    kept = !IsHybrid(confirm) || await SignedInAsync(tls, target, confirm, ct);
                    return kept ? new MachineAnswer.Ready(tls, confirm, request.Negotiation!.Value.Requested) : new MachineAnswer.Refused(ReasonCode.SignInNotPrepared);
                case ConnectionConfirm.Failed { Code: NegotiationFailureCode.HybridRequired or NegotiationFailureCode.TlsRequired }
                    when target.SignIn is not null && !request.Negotiation!.Value.Requested.HasFlag(SecurityProtocols.Hybrid):
                    return null;
                case var other:
                    log.MachineWantsOtherSecurity(target.MachineId, other?.ToString() ?? "nothing");
                    return new MachineAnswer.Refused(other is null ? ReasonCode.MachineDidNotAnswer : ReasonCode.NotSupported);
            }
        }
        finally
        {
            if (!kept) await network.DisposeAsync();
        }
    }

    private static bool IsHybrid(ConnectionConfirm.Accepted confirm) => confirm.Selected is SecurityProtocols.Hybrid or SecurityProtocols.HybridEx;

    /// <summary>A wrong sign-in is not tried again: accounts are locked for that.</summary>
    private async Task<bool> SignedInAsync(TlsStream tls, MachineTarget target, ConnectionConfirm.Accepted confirm, CancellationToken ct)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(tls.PeerCertificate());
            await NlaClient.SignInAsync(tls, target.SignIn!, certificate.PublicKey.EncodedKeyValue.RawData, confirm.Selected == SecurityProtocols.HybridEx, ct);
            return true;
        }
        catch (InvalidCredentialException e)
        {
            log.MachineRefusedSignIn(target.MachineId, target.SessionId, e.Message);
            return false;
        }
    }

    private static async Task<ConnectionConfirm?> NegotiateAsync(TcpStream network, ConnectionRequest request, CancellationToken ct)
    {
        // Protocols and flags go on unchanged: the machine echoes them inside TLS, and clients check that echo.
        var ours = request with { RoutingToken = null, UserName = null };
        var buffer = new byte[ConnectionRequest.LongestFrame];
        await network.WriteAsync(buffer.AsMemory(0, Write(ours, buffer)), ct);
        var length = await FrameReader.ReadAsync(network, buffer, ct);
        if (length == 0) throw new IOException("The machine closed the connection instead of answering the RDP request.");
        return ConnectionConfirm.Read(buffer.AsSpan(0, length));
    }

    private static int Write(ConnectionRequest request, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(ConnectionRequest));
        request.Write(ref w);
        return w.Written;
    }

    private static async Task<(TlsStream Tls, bool Pinned)> AuthenticateAsync(TcpStream network, MachineTarget target, CancellationToken ct)
    {
        var tls = new TlsStream(network);
        try
        {
            // Chains and revocation are beside the point of a pin, and looking them up would leave the machine's network.
            await tls.AuthenticateAsClientAsync(Context, target.CertificateSha256, ct);
            return (tls, true);
        }
        catch (WrongCertificateException) { return (tls, false); }
    }
}

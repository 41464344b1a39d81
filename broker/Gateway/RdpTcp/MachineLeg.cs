using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
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
    public sealed record Ready(TlsStream Stream, ConnectionConfirm.Accepted Confirm) : MachineAnswer;

    public sealed record Refused(ReasonCode Code) : MachineAnswer;
}

/// <summary>Connects to the machine of a redeemed ticket and speaks with it until TLS stands and its certificate is the pinned one.</summary>
internal sealed class MachineLeg(IOptions<GatewayOptions> options, TimeProvider time, ILogger<MachineLeg> log)
{
    private const int Attempts = 2;

    private static readonly TlsContext Context = TlsContext.Client();

    public async Task<MachineAnswer> ConnectAsync(MachineTarget target, ConnectionRequest request, CancellationToken ct)
    {
        // A desktop that has just started may refuse once while its server comes up.
        for (var attempt = 1; ; attempt++)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
            using var timer = time.CreateTimer(static d => ((CancellationTokenSource)d!).Cancel(), deadline, options.Value.MachineDeadline, Timeout.InfiniteTimeSpan);
            try
            {
                return await TryConnectAsync(target, request, deadline.Token);
            }
            catch (Exception e) when (e is SocketException or IOException or AuthenticationException or WireFormatException or OperationCanceledException
                && !ct.IsCancellationRequested)
            {
                log.MachineDidNotAnswer(target.MachineId, e is OperationCanceledException ? $"no answer within {options.Value.MachineDeadline}" : e.Message);
                if (attempt == Attempts) return new MachineAnswer.Refused(ReasonCode.MachineDidNotAnswer);
            }
        }
    }

    private async Task<MachineAnswer> TryConnectAsync(MachineTarget target, ConnectionRequest request, CancellationToken ct)
    {
        var network = await TcpStream.ConnectAsync(target.Address, target.Port, ct);
        var kept = false;
        try
        {
            network.GiveUpAfter(options.Value.MachineSilence);
            switch (await NegotiateAsync(network, request, ct))
            {
                case ConnectionConfirm.Accepted { Selected: SecurityProtocols.Tls } confirm:
                    var (tls, pinned) = await AuthenticateAsync(network, target, ct);
                    kept = pinned;
                    if (pinned) return new MachineAnswer.Ready(tls, confirm);
                    log.MachineCertificateChanged(target.MachineId, target.SessionId);
                    return new MachineAnswer.Refused(ReasonCode.MachineCertificateChanged);
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

using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>One accepted TCP connection, from its first byte to the end of its relay.</summary>
internal sealed class RdpDoor(
    ITicketRedeemer tickets, MachineLeg machines, DoorCertificate certificate, OpenConnections connections,
    ConnectionReports reports, AddressLimits limits, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RdpDoor> log)
{
    /// <summary>Serves and closes the connection; never throws but for a fault of ours.</summary>
    public async Task ServeAsync(Socket socket, IPAddress client, CancellationToken stopping)
    {
        var acceptedAt = time.GetUtcNow();
        var inHandshake = true;
        TcpStream? network = null;
        try
        {
            network = new TcpStream(socket);
            network.GiveUpAfter(options.Value.ClientSilence);
            var opened = await OpenAsync(network, client, acceptedAt, stopping);
            limits.HandshakeOver(client);
            inHandshake = false;
            if (opened is not null) await RelayAsync(opened);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            log.HandshakeBroke(client, e is OperationCanceledException ? "it took too long, or the gateway is stopping" : e.Message);
        }
        catch (WireFormatException e)
        {
            log.HandshakeBroke(client, e.Message);
            reports.Failed(null, ReasonCode.NotRdp, client);
        }
        finally
        {
            if (inHandshake) limits.HandshakeOver(client);
            network?.Dispose();
            socket.Dispose();
        }
    }

    private async Task<OpenConnection?> OpenAsync(TcpStream network, IPAddress client, DateTimeOffset acceptedAt, CancellationToken stopping)
    {
        if (await ReadRequestAsync(network, stopping) is not { } request) return null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var timer = time.CreateTimer(static d => ((CancellationTokenSource)d!).Cancel(), deadline, options.Value.HandshakeDeadline, Timeout.InfiniteTimeSpan);
        var ct = deadline.Token;

        if (request.Negotiation is not { } negotiation || !negotiation.Requested.HasFlag(SecurityProtocols.Tls))
            return await RefuseAsync(network, client, null, ReasonCode.TlsRefused, "", NegotiationFailureCode.TlsRequired, ct);
        if (!TicketText.LooksRight(request.RoutingToken))
            return await RefuseTicketAsync(network, client, request.RoutingToken is null ? ReasonCode.NoTicket : ReasonCode.TicketUnknown, "", ct);

        var redemption = await tickets.RedeemAsync(new TicketPresented(request.RoutingToken, client, request.UserName ?? ""), ct);
        if (redemption is Redemption.Refused refused)
            return await RefuseTicketAsync(network, client, refused.Code, refused.Reference, ct);

        using var target = ((Redemption.Granted)redemption).Target;
        switch (await machines.ConnectAsync(target, request, ct))
        {
            case MachineAnswer.Refused no:
                var failure = no.Code == ReasonCode.NotSupported ? NegotiationFailureCode.HybridRequired : NegotiationFailureCode.InconsistentFlags;
                return await RefuseAsync(network, client, target, no.Code, "", failure, ct);
            case MachineAnswer.Ready ready:
                return await JoinAsync(network, client, acceptedAt, target, ready, ct);
            default:
                throw new InvalidOperationException("A machine answers Ready or Refused.");
        }
    }

    private async Task<ConnectionRequest?> ReadRequestAsync(TcpStream network, CancellationToken stopping)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var timer = time.CreateTimer(static d => ((CancellationTokenSource)d!).Cancel(), deadline, options.Value.FirstRequestDeadline, Timeout.InfiniteTimeSpan);
        _ = await network.ReadAsync(Memory<byte>.Empty, deadline.Token);    // a silent stranger holds no buffer
        var buffer = ArrayPool<byte>.Shared.Rent(ConnectionRequest.LongestFrame);
        try
        {
            var length = await FrameReader.ReadAsync(network, buffer.AsMemory(0, ConnectionRequest.LongestFrame), deadline.Token);
            return length == 0 ? null : ConnectionRequest.Read(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);        // it holds the ticket
        }
    }

    private async Task<OpenConnection?> JoinAsync(
        TcpStream network, IPAddress client, DateTimeOffset acceptedAt, MachineTarget target, MachineAnswer.Ready machine, CancellationToken ct)
    {
        var tls = new TlsStream(network);
        var relay = new Relay.Relay(tls, machine.Stream);
        try
        {
            await WriteAsync(network, machine.Confirm, ct);
            await tls.AuthenticateAsServerAsync(certificate.Rdp, ct);
            relay.BeginMachineToClient();
            if (await ClientSplice.RunAsync(tls, machine.Stream, machine.Confirm.Selected, target.SignIn, ct) is not { } screen)
            {
                await relay.AbandonAsync(RelayEnd.ClientClosed);
                return null;
            }
            var opened = new OpenConnection(
                target.ConnectionId, target.SessionId, target.MachineId, client, screen.ClientName, acceptedAt, time.GetUtcNow(), relay);
            if (!connections.Add(opened)) throw new IOException("The broker gave out a connection id twice.");
            return opened;
        }
        catch (AuthenticationException e)
        {
            // Often a person who does not trust the certificate yet: the client closes, shows it, and comes back.
            log.HandshakeBroke(client, e.Message);
            reports.Failed(target.SessionId, ReasonCode.TlsRefused, client, target.ConnectionId);
            await relay.AbandonAsync(RelayEnd.ClientClosed);
            return null;
        }
        catch
        {
            await relay.AbandonAsync(RelayEnd.ClientClosed);
            throw;
        }
    }

    private async Task RelayAsync(OpenConnection opened)
    {
        log.ConnectionOpen(opened.ConnectionId, opened.SessionId, opened.Client, opened.MachineId);
        reports.Opened(opened);
        try
        {
            var end = await opened.Carrier.RunAsync();
            log.ConnectionEnded(opened.ConnectionId, opened.SessionId, end, opened.Carrier.BytesFromClient, opened.Carrier.BytesFromMachine);
            reports.Closed(opened, end);
        }
        finally
        {
            connections.Remove(opened);
        }
    }

    private Task<OpenConnection?> RefuseTicketAsync(TcpStream network, IPAddress client, ReasonCode code, string reference, CancellationToken ct)
    {
        var isGuess = code is ReasonCode.TicketUnknown or ReasonCode.TicketUsed or ReasonCode.TicketExpired or ReasonCode.TicketForeign;
        if (isGuess && limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, options.Value.Limits.WrongTicketsPerMinute);
        return RefuseAsync(network, client, null, code, reference, NegotiationFailureCode.InconsistentFlags, ct);
    }

    private async Task<OpenConnection?> RefuseAsync(
        TcpStream network, IPAddress client, MachineTarget? target, ReasonCode code, string reference, NegotiationFailureCode shown, CancellationToken ct)
    {
        log.ConnectionRefused(client, code, reference);
        reports.Failed(target?.SessionId, code, client, target?.ConnectionId);
        await WriteAsync(network, new ConnectionConfirm.Failed(shown), ct);
        return null;
    }

    private static async Task WriteAsync(TcpStream network, ConnectionConfirm confirm, CancellationToken ct)
    {
        var buffer = new byte[ConnectionConfirm.LongestFrame];
        await network.WriteAsync(buffer.AsMemory(0, Write(confirm, buffer)), ct);
    }

    private static int Write(ConnectionConfirm confirm, byte[] buffer)
    {
        var w = new WireWriter(buffer, nameof(ConnectionConfirm));
        confirm.Write(ref w);
        return w.Written;
    }
}

using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.FrontEnd;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdpTcp;

/// <summary>One RDP connection, from its first byte to the end of its relay.</summary>
internal sealed class RdpDoor(
    ITicketRedeemer tickets, MachineLeg machines, DoorCertificate certificate, RefusalScreen refusals, PasswordDoor passwords, OpenConnections connections,
    ConnectionReports reports, AddressLimits limits, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RdpDoor> log)
{
    /// <summary>Serves and closes a connection that came directly; never throws but for a fault of ours. Says once that the handshake is over.</summary>
    /// <param name="preconnected">The ticket of a preconnection blob; null when there was none.</param>
    public Task ServeAsync(Stream network, IPAddress client, DateTimeOffset acceptedAt, string? preconnected, CancellationToken stopping) =>
        ServeAsync(network, client, acceptedAt, preconnected, null, stopping);

    /// <summary>The same for RDP that came another way, and whose ticket is redeemed already.</summary>
    public Task ServeAsync(Stream network, IPAddress client, DateTimeOffset acceptedAt, Arrival arrived, CancellationToken stopping) =>
        ServeAsync(network, client, acceptedAt, null, arrived, stopping);

    private async Task ServeAsync(Stream network, IPAddress client, DateTimeOffset acceptedAt, string? preconnected, Arrival? arrived, CancellationToken stopping)
    {
        var inHandshake = true;
        try
        {
            var opened = await OpenAsync(network, client, acceptedAt, preconnected, arrived, stopping);
            if (opened is not DoorOutcome.Visited) HandshakeOver();
            switch (opened)
            {
                case DoorOutcome.Joined joined: await RelayAsync(joined.Connection); break;
                case DoorOutcome.Visited visit: await passwords.ServeAsync(visit.Network, visit.Asked, client, HandshakeOver, stopping); break;
                case DoorOutcome.Shown shown: await refusals.ShowAsync(shown.Network, shown.Asked, client, shown.Code, shown.Reference, stopping); break;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or AuthenticationException)
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
            arrived?.Dispose();
            await network.DisposeAsync();
        }

        void HandshakeOver()
        {
            limits.HandshakeOver(client);
            inHandshake = false;
        }
    }

    /// <summary>Tells a client that is not let in why, if it can be shown a page; never throws but for a fault of ours.</summary>
    public async Task ExplainAsync(Stream network, IPAddress client, ReasonCode code, CancellationToken stopping)
    {
        try
        {
            if (await ReadRequestAsync(network, stopping) is { Negotiation: { } asked } && refusals.TryBegin(asked, client))
                await refusals.ShowAsync(network, asked, client, code, "", stopping);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or AuthenticationException or WireFormatException)
        {
            log.HandshakeBroke(client, e.Message);
        }
    }

    private async Task<DoorOutcome> OpenAsync(
        Stream network, IPAddress client, DateTimeOffset acceptedAt, string? preconnected, Arrival? arrived, CancellationToken stopping)
    {
        if (await ReadRequestAsync(network, stopping) is not { } request) return DoorOutcome.Nothing;
        if (preconnected is not null) request = request with { RoutingToken = preconnected };
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var timer = time.CreateTimer(static d => ((CancellationTokenSource)d!).Cancel(), deadline, options.Value.HandshakeDeadline, Timeout.InfiniteTimeSpan);
        var ct = deadline.Token;

        if (request.Negotiation is not { } negotiation || !negotiation.Requested.HasFlag(SecurityProtocols.Tls))
            return await RefuseAsync(network, null, client, null, ReasonCode.TlsRefused, "", NegotiationFailureCode.TlsRequired, ct);
        if (arrived is not null)
        {
            using var there = arrived.Target;
            return await ConnectAsync(network, negotiation, client, acceptedAt, there, request, arrived, ct);
        }
        if (request.RoutingToken is null && passwords.Takes(negotiation)) return new DoorOutcome.Visited(network, negotiation);
        if (!TicketText.LooksRight(request.RoutingToken))
            return await RefuseTicketAsync(network, negotiation, client, request.RoutingToken is null ? ReasonCode.NoTicket : ReasonCode.TicketUnknown, "", ct);

        var redemption = await tickets.RedeemAsync(new TicketPresented(request.RoutingToken, client, request.UserName ?? ""), ct);
        if (redemption is Redemption.Refused refused)
            return await RefuseTicketAsync(network, negotiation, client, refused.Code, refused.Reference, ct);

        using var target = ((Redemption.Granted)redemption).Target;
        return await ConnectAsync(network, negotiation, client, acceptedAt, target, request, null, ct);
    }

    private async Task<DoorOutcome> ConnectAsync(
        Stream network, NegotiationRequest negotiation, IPAddress client, DateTimeOffset acceptedAt, MachineTarget target, ConnectionRequest request,
        Arrival? arrived, CancellationToken ct)
    {
        switch (await machines.ConnectAsync(target, request, ct, arrived?.Machine))
        {
            case MachineAnswer.Refused no:
                var failure = no.Code == ReasonCode.NotSupported ? NegotiationFailureCode.HybridRequired : NegotiationFailureCode.InconsistentFlags;
                return await RefuseAsync(network, negotiation, client, target, no.Code, "", failure, ct);
            case MachineAnswer.Ready ready:
                return await JoinAsync(network, negotiation.Requested, client, acceptedAt, target, ready, arrived?.Ending, ct);
            default:
                throw new InvalidOperationException("A machine answers Ready or Refused.");
        }
    }

    private async Task<ConnectionRequest?> ReadRequestAsync(Stream network, CancellationToken stopping)
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

    private async Task<DoorOutcome> JoinAsync(
        Stream network, SecurityProtocols asked, IPAddress client, DateTimeOffset acceptedAt, MachineTarget target, MachineAnswer.Ready machine,
        Action<RelayEnd>? ending, CancellationToken ct)
    {
        var tls = DoorCertificate.Wrap(network);
        Stream clientSide = target.Policy.NeedsFilter ? new PolicyStream(tls, new ChannelFilter(target.Policy)) : tls;
        var relay = new Relay.Relay(clientSide, machine.Stream, ending);
        try
        {
            // The client has no part in the machine's network level authentication: its own leg is TLS.
            await WriteAsync(network, machine.Confirm with { Selected = SecurityProtocols.Tls }, ct);
            await certificate.AuthenticateAsync(tls, ct);
            if (await ClientSplice.RunAsync(clientSide, machine.Stream, new(machine.Confirm.Selected, target.Policy.BlockedChannels), target.SignIn, AnswerAsync, ct) is not { } screen)
            {
                await relay.AbandonAsync(RelayEnd.ClientClosed);
                return DoorOutcome.Nothing;
            }
            var opened = new OpenConnection(
                target.ConnectionId, target.SessionId, target.MachineId, client, screen.ClientName, acceptedAt, time.GetUtcNow(), relay) { TraceParent = target.TraceParent };
            if (!connections.Add(opened)) throw new IOException("The broker gave out a connection id twice.");
            return new DoorOutcome.Joined(opened);
        }
        catch (AuthenticationException e)
        {
            // Often a person who does not trust the certificate yet: the client closes, shows it, and comes back.
            log.HandshakeBroke(client, e.Message);
            reports.Failed(target.SessionId, ReasonCode.TlsRefused, client, target.ConnectionId);
            await relay.AbandonAsync(RelayEnd.ClientClosed);
            return DoorOutcome.Nothing;
        }
        catch
        {
            await relay.AbandonAsync(RelayEnd.ClientClosed);
            throw;
        }

        // The machine speaks first in its answer to the Connect Initial, and repeats there what it was asked for.
        async Task AnswerAsync(CancellationToken until)
        {
            if (machine.Asked != asked) await MachineEcho.ForwardAsync(machine.Stream, clientSide, asked, until);
            relay.BeginMachineToClient();
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

    private Task<DoorOutcome> RefuseTicketAsync(
        Stream network, NegotiationRequest asked, IPAddress client, ReasonCode code, string reference, CancellationToken ct)
    {
        var isGuess = code is ReasonCode.TicketUnknown or ReasonCode.TicketUsed or ReasonCode.TicketExpired or ReasonCode.TicketForeign;
        if (isGuess && limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, options.Value.Limits.WrongTicketsPerMinute);
        return RefuseAsync(network, asked, client, null, code, reference, NegotiationFailureCode.InconsistentFlags, ct);
    }

    /// <param name="bare">What a client hears that cannot be shown a page.</param>
    private async Task<DoorOutcome> RefuseAsync(
        Stream network, NegotiationRequest? asked, IPAddress client, MachineTarget? target, ReasonCode code, string reference,
        NegotiationFailureCode bare, CancellationToken ct)
    {
        log.ConnectionRefused(client, code, reference);
        reports.Failed(target?.SessionId, code, client, target?.ConnectionId);
        if (asked is { } negotiation && refusals.TryBegin(negotiation, client)) return new DoorOutcome.Shown(network, negotiation, code, reference);
        await WriteAsync(network, new ConnectionConfirm.Failed(bare), ct);
        return DoorOutcome.Nothing;
    }

    private static async Task WriteAsync(Stream network, ConnectionConfirm confirm, CancellationToken ct)
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

using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Tsgu;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>An open channel, and where it leads.</summary>
internal sealed record RdgChannel(RdgStream Stream, Arrival Arrival, string ClientName, byte[]? CookieSha256, bool CanProveAgain);

/// <summary>Speaks MS-TSGU with one client until its channel stands: <see cref="TsguServer"/> decides, this redeems and connects.</summary>
internal sealed class RdgConversation(
    ITicketRedeemer tickets, RdgProof proof, ConnectionReports reports, AddressLimits limits, IOptions<GatewayOptions> gateway, IOptions<RdGatewayOptions> options,
    TimeProvider time, ILogger<RdgConversation> log)
{
    private const ushort RdpPort = 3389;
    private uint _lastTunnel;

    /// <summary>The channel; null when the client left or was refused, which then is said, logged and reported.</summary>
    public async Task<RdgChannel?> OpenAsync(RdgTransport transport, IPAddress client, RdgPerson? person, CancellationToken stopping)
    {
        var idle = gateway.Value.IdleTimeout is { } limit ? (uint)Math.Ceiling(limit.TotalMinutes) : 0;
        var server = new TsguServer(new(options.Value.Consent, options.Value.OnlyClientsThatShowMessages, idle, person is not null, options.Value.ProveAgain), Interlocked.Increment(ref _lastTunnel))
        {
            Redirection = options.Value.Redirection,
        };
        using var collector = new TsguCollector();
        using var deadline = new CancellationTokenSource(gateway.Value.FirstRequestDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping);
        MachineTarget? target = null;
        byte[]? cookieSha256 = null;
        var opened = false;
        try
        {
            var reply = new byte[TsguServer.LongestReply];
            while (true)
            {
                if (await transport.ReadAsync(collector.Free, either.Token) is not { } count) return null;
                collector.Add(count);
                while (TryTake(server, collector, reply, out var step, out var length))
                {
                    switch (step)
                    {
                        case TsguStep.Redeem when person is not null:
                            await ReplyAsync(server.GrantTunnel, transport, reply, either.Token);
                            deadline.CancelAfter(gateway.Value.HandshakeDeadline + options.Value.ConsentDeadline);
                            break;
                        case TsguStep.Redeem redeem:
                            target = await RedeemAsync(server, redeem.Cookie, transport, reply, client, either.Token);
                            if (target is null) return null;
                            cookieSha256 = RdgTunnels.HashOf(redeem.Cookie!);
                            server.Redirection |= FlagsFor(target.Policy);
                            // From here on it is a person's turn, or the machine's.
                            deadline.CancelAfter(options.Value.Consent is null ? gateway.Value.HandshakeDeadline : options.Value.ConsentDeadline);
                            break;
                        case TsguStep.ProveAgain again:
                            if (await proof.TakeAsync(again, client, either.Token)) await ReplyAsync(server.GrantTunnel, transport, reply, either.Token);
                            else
                            {
                                await DenyAsync(server, TsguError.CookieDenied, transport, reply, client, null, ReasonCode.TicketForeign, "", either.Token);
                                return null;
                            }
                            break;
                        case TsguStep.Connect connect:
                            if (person is not null) target = await LaunchAsync(server, person, connect.Channel, transport, reply, client, either.Token);
                            if (target is null) return null;
                            var machine = await ConnectAsync(server, connect.Channel, person is not null, target, transport, reply, client, either.Token);
                            if (machine is null) return null;
                            opened = true;
                            var stream = new RdgStream(transport, collector.Rest, server.ClientCapabilities.HasFlag(TsguCapabilities.ServiceMessage));
                            return new(stream, new(target, machine, stream.WillEnd), server.ClientName, cookieSha256, server.ClientCapabilities.HasFlag(TsguCapabilities.Reauthentication));
                        case TsguStep.Refused refused:
                            await transport.SendAsync(reply.AsMemory(0, length), either.Token);
                            Refused(client, target, refused.Error == TsguError.CookieDenied ? ReasonCode.NoTicket : ReasonCode.NotSupported, "", refused.Error);
                            return null;
                        default:
                            await transport.SendAsync(reply.AsMemory(0, length), either.Token);
                            break;
                    }
                }
            }
        }
        finally
        {
            if (!opened) target?.Dispose();
            if (person is not null) await person.SignIn.SignOutAsync();
        }
    }

    private static bool TryTake(TsguServer server, TsguCollector collector, byte[] reply, out TsguStep? step, out int length)
    {
        (step, length) = (null, 0);
        if (!collector.TryTake(out var packet)) return false;
        var w = new WireWriter(reply, nameof(TsguServer));
        step = server.Take(packet, ref w);
        length = w.Written;
        return true;
    }

    private async Task<MachineTarget?> RedeemAsync(TsguServer server, string? cookie, RdgTransport transport, byte[] reply, IPAddress client, CancellationToken ct)
    {
        var answer = TicketText.LooksRight(cookie)
            ? await tickets.RedeemAsync(new TicketPresented(cookie, client, "", TicketCarrier.RdGateway), ct)
            : new Redemption.Refused(ReasonCode.TicketUnknown, "");
        switch (answer)
        {
            case Redemption.Granted granted:
                await ReplyAsync(server.GrantTunnel, transport, reply, ct);
                return granted.Target;
            case Redemption.Refused no:
                var isGuess = no.Code is ReasonCode.TicketUnknown or ReasonCode.TicketUsed or ReasonCode.TicketExpired or ReasonCode.TicketForeign;
                if (isGuess && limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, gateway.Value.Limits.WrongTicketsPerMinute);
                var error = isGuess || no.Code == ReasonCode.SessionEnded ? TsguError.CookieDenied : TsguError.Internal;
                await DenyAsync(server, error, transport, reply, client, null, no.Code, no.Reference, ct);
                return null;
            default:
                throw new InvalidOperationException("A redemption is granted or refused.");
        }
    }

    /// <summary>For a person without a ticket the name is one of their desktops; the broker chooses the machine.</summary>
    private async Task<MachineTarget?> LaunchAsync(
        TsguServer server, RdgPerson person, TsguChannelCreate channel, RdgTransport transport, byte[] reply, IPAddress client, CancellationToken ct)
    {
        var answer = await RdgLaunch.RunAsync(person.SignIn, channel.Resources[0], tickets, client, ct);
        if (answer is Redemption.Granted granted) return granted.Target;
        var (code, reference) = answer is Redemption.Refused refused ? (refused.Code, refused.Reference) : (ReasonCode.Internal, "");
        var error = code is ReasonCode.PoolUnknown or ReasonCode.NotEntitled or ReasonCode.PoolDisabled ? TsguError.ResourceDenied : TsguError.TargetUnreachable;
        await DenyAsync(server, error, transport, reply, client, null, code, reference, ct);
        return null;
    }

    /// <summary>
    /// INVARIANT: the client never chooses a host or a port. What it names is compared with the machine of its ticket,
    /// and where that machine is, the broker said.
    /// </summary>
    private async Task<Socket?> ConnectAsync(
        TsguServer server, TsguChannelCreate channel, bool chosen, MachineTarget target, RdgTransport transport, byte[] reply, IPAddress client, CancellationToken ct)
    {
        var isTheTickets = channel.Port == RdpPort && (chosen || channel.Resources.Any(
            name => name.Length > 0 && (name.Equals(target.MachineName, StringComparison.OrdinalIgnoreCase) || name.Equals(target.MachineId, StringComparison.OrdinalIgnoreCase))));
        if (!isTheTickets)
        {
            await DenyAsync(server, TsguError.ResourceDenied, transport, reply, client, target, ReasonCode.NotAllowed, "", ct);
            return null;
        }
        var socket = await TryConnectAsync(target, ct);
        if (socket is null)
        {
            await DenyAsync(server, TsguError.TargetUnreachable, transport, reply, client, target, ReasonCode.MachineDidNotAnswer, "", ct);
            return null;
        }
        try
        {
            await ReplyAsync(server.GrantChannel, transport, reply, ct);
            if (options.Value.ServiceMessage is { } message && server.ClientCapabilities.HasFlag(TsguCapabilities.ServiceMessage))
                await ReplyAsync((ref WireWriter w) => TsguSmall.WriteServiceMessage(ref w, message), transport, reply, ct);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<Socket?> TryConnectAsync(MachineTarget target, CancellationToken ct)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using var deadline = new CancellationTokenSource(gateway.Value.MachineDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ct);
        try
        {
            await socket.ConnectAsync(target.Address, target.Port, either.Token);
            return socket;
        }
        catch (Exception e) when (e is SocketException || (e is OperationCanceledException && !ct.IsCancellationRequested))
        {
            log.MachineDidNotAnswer(target.MachineId, e is SocketException ? e.Message : $"no answer within {gateway.Value.MachineDeadline}");
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task DenyAsync(
        TsguServer server, TsguError error, RdgTransport transport, byte[] reply, IPAddress client, MachineTarget? target, ReasonCode code, string reference, CancellationToken ct)
    {
        Refused(client, target, code, reference, error);
        await ReplyAsync((ref WireWriter w) => server.Deny(error, ref w), transport, reply, ct);
    }

    private void Refused(IPAddress client, MachineTarget? target, ReasonCode code, string reference, TsguError error)
    {
        log.TunnelRefused(client, code, reference, error);
        reports.Failed(target?.SessionId, code, client, target?.ConnectionId);
    }

    /// <summary>What clients of old take away on their own side; the front end keeps the policy whatever a client does.</summary>
    private static TsguRedirection FlagsFor(ChannelPolicy policy) =>
        (policy.Drives ? 0 : TsguRedirection.NoDrives) | (policy.Printers ? 0 : TsguRedirection.NoPrinters) | (policy.Usb ? 0 : TsguRedirection.NoPlugAndPlay)
        | (policy.ClipboardToDesktop || policy.ClipboardFromDesktop ? 0 : TsguRedirection.NoClipboard);

    private delegate void Writing(ref WireWriter w);

    private static async Task ReplyAsync(Writing write, RdgTransport transport, byte[] reply, CancellationToken ct) =>
        await transport.SendAsync(reply.AsMemory(0, Written(write, reply)), ct);

    private static int Written(Writing write, byte[] reply)
    {
        var w = new WireWriter(reply, nameof(TsguServer));
        write(ref w);
        return w.Written;
    }
}

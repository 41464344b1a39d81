using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>One RD Gateway client from its first packet to the end of its relay, whatever carries its packets.</summary>
internal sealed class RdgServing(
    RdgConversation conversation, RdgTunnels tunnels, RdpDoor door, OpenConnections connections, ConnectionReports reports, AddressLimits limits,
    IOptions<GatewayOptions> options, TimeProvider time, ILogger<RdgServing> log)
{
    /// <summary>Serves and closes the transport. The handshake of this client is over when this returns, or before.</summary>
    public async Task ServeAsync(RdgTransport transport, IPAddress client, DateTimeOffset acceptedAt, RdgPerson? person, CancellationToken stopping)
    {
        var inHandshake = true;
        RdgTunnel? tunnel = null;
        try
        {
            if (await conversation.OpenAsync(transport, client, person, stopping) is not { } channel) return;
            tunnel = new(transport, channel.Arrival.Target.ConnectionId, client, channel.CookieSha256, channel.CanProveAgain);
            tunnels.Add(tunnel);
            inHandshake = false;
            // End to end nobody could keep a policy, so a pool that blocks something is never led past the front end.
            if (channel.Arrival.Target is { EndToEnd: true, Policy: var policy } && policy == ChannelPolicy.Everything) await RelayAsync(channel, client, acceptedAt);
            else await door.ServeAsync(channel.Stream, client, acceptedAt, channel.Arrival, stopping);
        }
        catch (WireFormatException e)
        {
            log.TunnelBroke(client, e.Message);
            reports.Failed(null, ReasonCode.NotRdp, client);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or InvalidOperationException or AuthenticationException)
        {
            log.TunnelBroke(client, e is OperationCanceledException ? "it took too long, or the gateway is stopping" : e.Message);
        }
        finally
        {
            if (inHandshake) limits.HandshakeOver(client);
            if (tunnel is not null) tunnels.Remove(tunnel);
            await CloseAsync(transport);
        }
    }

    /// <summary>The channel ends at the machine: client and machine make their own TLS through it, and nothing is injected.</summary>
    private async Task RelayAsync(RdgChannel channel, IPAddress client, DateTimeOffset acceptedAt)
    {
        using var arrival = channel.Arrival;
        var target = arrival.Target;
        limits.HandshakeOver(client);
        var machine = new TcpStream(arrival.Machine);
        machine.GiveUpAfter(options.Value.MachineSilence);
        var relay = new Relay.Relay(channel.Stream, machine, channel.Stream.WillEnd);
        var opened = new OpenConnection(target.ConnectionId, target.SessionId, target.MachineId, client, channel.ClientName, acceptedAt, time.GetUtcNow(), relay) { TraceParent = target.TraceParent };
        if (!connections.Add(opened)) throw new IOException("The broker gave out a connection id twice.");
        target.Dispose();
        log.ConnectionOpen(opened.ConnectionId, opened.SessionId, opened.Client, opened.MachineId);
        reports.Opened(opened);
        try
        {
            var end = await relay.RunAsync();
            log.ConnectionEnded(opened.ConnectionId, opened.SessionId, end, relay.BytesFromClient, relay.BytesFromMachine);
            reports.Closed(opened, end);
        }
        finally
        {
            connections.Remove(opened);
        }
    }

    private static async Task CloseAsync(RdgTransport transport)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try { await transport.FarewellAsync(deadline.Token); }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException or NotSupportedException or OperationCanceledException)
        {
            // Closed already, by the channel's own farewell or by the client.
        }
        await transport.DisposeAsync();
    }
}

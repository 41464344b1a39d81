using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Protocol.Negotiation;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>A connection as it was accepted.</summary>
/// <param name="Local">The address it came to.</param>
/// <param name="Served">What that address serves.</param>
internal sealed record Arriving(Socket Socket, IPEndPoint Client, IPEndPoint Local, Served Served, DateTimeOffset AcceptedAt);

/// <summary>Looks at the first bytes of each connection, without taking them, and leads it to where it belongs (ADR 24).</summary>
internal sealed class Reception(
    RdpDoor rdp, TlsDoor tls, AddressLimits limits, IOptions<GatewayOptions> options, TimeProvider time, ILogger<Reception> log)
{
    /// <summary>Serves and closes an admitted connection; never throws but for a fault of ours.</summary>
    public async Task ServeAsync(Arriving arriving, CancellationToken stopping)
    {
        using var _ = arriving.Socket;
        var client = arriving.Client.Address;
        TcpStream? network = null;
        var led = false;
        try
        {
            network = new TcpStream(arriving.Socket);
            network.GiveUpAfter(options.Value.ClientSilence);
            using var deadline = new Deadline(options.Value.FirstRequestDeadline, time, stopping);
            switch (await LookAsync(network, arriving.Served, deadline.Token))
            {
                case Opening.PreconnectionBlob:
                    var blob = await ReadBlobAsync(network, deadline.Token);
                    led = true;
                    await rdp.ServeAsync(network, client, arriving.AcceptedAt, blob.Text, stopping);
                    break;
                case Opening.Rdp when arriving.Served.HasFlag(Served.Rdp):
                    led = true;
                    await rdp.ServeAsync(network, client, arriving.AcceptedAt, preconnected: null, stopping);
                    break;
                case Opening.Tls when (arriving.Served & (Served.RdGateway | Served.Pages)) != 0:
                    led = true;
                    await tls.ServeAsync(network, arriving, stopping);
                    break;
                case Opening.PlainHttp when (arriving.Served & (Served.RdGateway | Served.Pages)) != 0:
                    await PlainHttp.AnswerAsync(network, arriving.Served.HasFlag(Served.Pages), deadline.Token);
                    log.HandshakeBroke(client, "plain HTTP, answered with the way to HTTPS");
                    break;
                case Opening.Unknown when arriving.Served.HasFlag(Served.Rdp):
                    led = true;
                    await rdp.ServeAsync(network, client, arriving.AcceptedAt, preconnected: null, stopping);      // it says what is wrong with it
                    break;
                case null: break;
                case var opening: log.HandshakeBroke(client, $"{opening} is not served at {arriving.Local}"); break;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException or AuthenticationException or WireFormatException)
        {
            log.HandshakeBroke(client, e is OperationCanceledException ? "it took too long, or the gateway is stopping" : e.Message);
        }
        finally
        {
            if (!led) limits.HandshakeOver(client);
            network?.Dispose();
        }
    }

    /// <summary>Tells a client that is over the limits so, if it can be shown a page; never throws but for a fault of ours.</summary>
    public async Task TurnAwayAsync(Arriving arriving, CancellationToken stopping)
    {
        using var _ = arriving.Socket;
        try
        {
            using var network = new TcpStream(arriving.Socket);
            network.GiveUpAfter(options.Value.ClientSilence);
            using var deadline = new Deadline(options.Value.FirstRequestDeadline, time, stopping);
            if (arriving.Served.HasFlag(Served.Rdp) && await LookAsync(network, Served.Nothing, deadline.Token) == Opening.Rdp)
                await rdp.ExplainAsync(network, arriving.Client.Address, ReasonCode.TooManyConnections, stopping);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            log.HandshakeBroke(arriving.Client.Address, e is OperationCanceledException ? "it took too long, or the gateway is stopping" : e.Message);
        }
    }

    /// <summary>Null: the client left without a byte.</summary>
    private async Task<Opening?> LookAsync(TcpStream network, Served served, CancellationToken ct)
    {
        var first = new byte[options.Value.PreconnectionBlob && served.HasFlag(Served.Rdp) ? FirstBytes.WithPreconnection : FirstBytes.Plain];
        return await network.PeekAsync(first, ct) == 0 ? null : FirstBytes.Judge(first);
    }

    private static async Task<PreconnectionBlob> ReadBlobAsync(TcpStream network, CancellationToken ct)
    {
        // Not a byte more than the blob: what follows is read as any other RDP connection.
        var prefix = new byte[PreconnectionBlob.LengthPrefix];
        await network.PeekAsync(prefix, ct);
        var blob = new byte[PreconnectionBlob.ReadLength(prefix)];
        await network.ReadExactlyAsync(blob, ct);
        return PreconnectionBlob.Read(blob);
    }
}

using System.Net;
using System.Security.Authentication;
using System.Text;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;
using Montalegre.Vdi.Gateway.RdGateway;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.Listening;

/// <summary>Ends TLS, and tells RD Gateway clients from web clients by the method of their first request.</summary>
internal sealed class TlsDoor(
    DoorCertificate certificate, RdGatewayDoor rdGateway, PagesQueue pages, AddressLimits limits, IOptions<GatewayOptions> options, TimeProvider time, ILogger<TlsDoor> log)
{
    private const int LongestLook = 1024;

    /// <summary>A phone that shows a page need not wake up every few seconds to say that it is there.</summary>
    private static readonly TimeSpan PageSilence = TimeSpan.FromMinutes(2);

    private static readonly byte[] NotHere =
        Encoding.ASCII.GetBytes("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    /// <summary>Serves and closes the connection. The handshake of this client is over when this returns, or before.</summary>
    public async Task ServeAsync(TcpStream network, Arriving arriving, CancellationToken stopping)
    {
        var client = arriving.Client.Address;
        var inHandshake = true;
        await using var tls = new TlsStream(network);
        try
        {
            var hasPages = arriving.Served.HasFlag(Served.Pages) && pages.IsOpen;
            using var deadline = new Deadline(options.Value.FirstRequestDeadline, time, stopping);
            await tls.AuthenticateAsServerAsync(hasPages ? certificate.Web : certificate.Tunnel, deadline.Token);
            var (isTunnel, first) = tls.IsHttp2 ? (false, []) : await LookAsync(tls, deadline.Token);
            if (isTunnel && arriving.Served.HasFlag(Served.RdGateway) && rdGateway.IsOn)
            {
                inHandshake = false;                        // from here on the RD Gateway says when
                await rdGateway.ServeAsync(tls, first, client, arriving.AcceptedAt, stopping);
            }
            else if (!hasPages)
            {
                await tls.WriteAsync(NotHere, deadline.Token);
                await tls.ShutdownAsync(deadline.Token);
            }
            else
            {
                limits.HandshakeOver(client);
                inHandshake = false;
                tls.GiveUpAfter(PageSilence);
                await pages.ServeAsync(tls, first, arriving, stopping);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or AuthenticationException)
        {
            log.HandshakeBroke(client, e is OperationCanceledException ? "it took too long, or the gateway is stopping" : e.Message);
        }
        finally
        {
            if (inHandshake) limits.HandshakeOver(client);
        }
    }

    /// <summary>Reads until the method is told, and hands on what was read.</summary>
    private static async Task<(bool IsTunnel, byte[] First)> LookAsync(TlsStream tls, CancellationToken ct)
    {
        _ = await tls.ReadAsync(Memory<byte>.Empty, ct);     // a silent stranger holds no buffer
        var first = new byte[LongestLook];
        var filled = 0;
        while (true)
        {
            var read = await tls.ReadAsync(first.AsMemory(filled), ct);
            if (read == 0) throw new IOException("The client left before it said what it wants.");
            filled += read;
            if (RdGatewayDoor.IsOurs(first.AsSpan(0, filled)) is { } isTunnel) return (isTunnel, first[..filled]);
        }
    }
}

using System.Net;
using System.Text;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Protocol.Http;
using Montalegre.Vdi.Protocol.WebSockets;
using Montalegre.Vdi.Protocol.Wire;
using Montalegre.Vdi.Tls;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>
/// RD Gateway clients directly behind TLS: their requests look like HTTP and are not quite, so that no web server could
/// answer them as they need it (ADR 18).
/// </summary>
internal sealed class RdGatewayDoor(
    RdgPairs pairs, RdgServing serving, RdgBasic basic, AddressLimits limits, IOptions<GatewayOptions> gateway, IOptions<RdGatewayOptions> options, TimeProvider time, ILogger<RdGatewayDoor> log)
{
    private const string OutMethod = "RDG_OUT_DATA";
    private const string InMethod = "RDG_IN_DATA";
    private const string Path = "/remoteDesktopGateway";
    private static readonly byte[] OutStart = Encoding.ASCII.GetBytes(OutMethod + " ");
    private static readonly byte[] InStart = Encoding.ASCII.GetBytes(InMethod + " ");

    // The client reads past exactly this much before packets begin; it makes proxies open the flow (MS-TSGU 3.3.5.1).
    private static readonly byte[] Seed = "0123456789"u8.ToArray();

    /// <summary>False when an administrator has switched it off.</summary>
    public bool IsOn => options.Value.Enabled;

    /// <summary>Whether a request that begins so is an RD Gateway client's; null while that cannot be told.</summary>
    public static bool? IsOurs(ReadOnlySpan<byte> start)
    {
        foreach (var method in new[] { OutStart, InStart })
        {
            var compared = Math.Min(start.Length, method.Length);
            if (start[..compared].SequenceEqual(method.AsSpan(0, compared))) return compared == method.Length ? true : null;
        }
        return false;
    }

    /// <summary>Serves a client whose connection the caller closes; never throws but for a fault of ours. Says once that the handshake is over.</summary>
    /// <param name="first">What was read of its first request.</param>
    public async Task ServeAsync(TlsStream tls, byte[] first, IPAddress client, DateTimeOffset acceptedAt, CancellationToken stopping)
    {
        var request = new Request(client, acceptedAt);
        try
        {
            tls.GiveUpAfter(options.Value.VanishedAfter);
            await ServeAsync(request, tls, first, stopping);
        }
        catch (WireFormatException e)
        {
            log.TunnelBroke(client, e.Message);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            log.TunnelBroke(client, e is OperationCanceledException ? "it took too long, or the gateway is stopping" : e.Message);
        }
        catch (Exception e)
        {
            log.TunnelFailed(client, e);
        }
        finally
        {
            if (!request.HandshakeOver) limits.HandshakeOver(client);
        }
    }

    private async Task ServeAsync(Request request, TlsStream tls, byte[] early, CancellationToken stopping)
    {
        using var deadline = new CancellationTokenSource(gateway.Value.FirstRequestDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping);
        var reader = new HeadReader(tls, early);

        var head = await reader.ReadAsync(either.Token);
        RdgPerson? person = null;
        if (basic.IsOn && head.Method == OutMethod && head["RDG-Auth-Scheme"] is null)
        {
            (person, head) = await ProveAsync(request, head, reader, tls, either.Token);
            if (person is null) return;
        }
        if (!head.Path.StartsWith(Path, StringComparison.OrdinalIgnoreCase)) await AnswerAsync(request, tls, 404, "is for another path", either.Token);
        else if (!Guid.TryParse(head["RDG-Connection-Id"], out var id)) await AnswerAsync(request, tls, 400, "has no RDG-Connection-Id", either.Token);
        else if (head.Method == InMethod) await JoinAsync(request, id, head, reader, tls, either.Token);
        else if (!head.Names("Connection", "upgrade") || !head.Names("Upgrade", "websocket")) await WaitForPairAsync(request, id, tls, person, deadline, stopping, either.Token);
        else if (head["Sec-WebSocket-Key"] is not { Length: > 0 } key) await AnswerAsync(request, tls, 400, "has no Sec-WebSocket-Key", either.Token);
        else
        {
            await WriteAsync(tls, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + WebSocketFrame.Accept(key) + "\r\n\r\n", either.Token);
            request.HandshakeOver = true;
            await serving.ServeAsync(new(tls, tls, new WebSocketReader(), reader.TakeRest()), request.Client, request.AcceptedAt, person, stopping);
        }
    }

    /// <summary>Asks for a proof, again on the same connection as clients expect it, a few times.</summary>
    private async Task<(RdgPerson? Person, RequestHead Head)> ProveAsync(Request request, RequestHead head, HeadReader reader, TlsStream tls, CancellationToken ct)
    {
        const int tries = 3;
        for (var attempt = 1; ; attempt++)
        {
            if (await basic.SignInAsync(head["Authorization"], request.Client, ct) is { } person) return (person, head);
            await WriteAsync(tls, $"HTTP/1.1 401 Unauthorized\r\n{RdgBasic.Challenge}Content-Length: 0\r\n{(attempt == tries ? "Connection: close\r\n" : "")}\r\n", ct);
            if (attempt == tries) return (null, head);
            head = await reader.ReadAsync(ct);
        }
    }

    private async Task WaitForPairAsync(Request request, Guid id, TlsStream output, RdgPerson? person, CancellationTokenSource deadline, CancellationToken stopping, CancellationToken ct)
    {
        // Neither a length nor chunks: packets follow until the connection ends. Listed before the answer, because IN may be quick.
        var input = await pairs.WaitAsync(
            id, request.Client, person?.ProofSha256, () => WriteAsync(output, "HTTP/1.1 200 OK\r\nCache-Control: no-cache\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n", Seed, ct), ct);
        if (input is null)
        {
            log.RequestNotTaken(request.Client, 200, "its other half did not come");
            return;
        }
        deadline.CancelAfter(Timeout.InfiniteTimeSpan);
        request.HandshakeOver = true;
        try { await serving.ServeAsync(new(input.Stream, output, new ChunkedReader(), input.Early), request.Client, request.AcceptedAt, person, stopping); }
        finally { input.Over.SetResult(); }
    }

    private async Task JoinAsync(Request request, Guid id, RequestHead head, HeadReader reader, TlsStream tls, CancellationToken ct)
    {
        if (!pairs.IsWaiting(id, request.Client))
        {
            await AnswerAsync(request, tls, 404, "names no connection that waits", ct);
            return;
        }
        if (!pairs.IsProvedBy(id, RdgBasic.ProofOf(head["Authorization"])))
        {
            await WriteAsync(tls, $"HTTP/1.1 401 Unauthorized\r\n{RdgBasic.Challenge}Content-Length: 0\r\n\r\n", ct);
            head = await reader.ReadAsync(ct);
            if (head.Method != InMethod || !pairs.IsProvedBy(id, RdgBasic.ProofOf(head["Authorization"])))
                WireFormatException.Throw("RequestHead", "authorization", "is not that of the other half");
        }
        if (!head.Names("Transfer-Encoding", "chunked"))
        {
            await WriteAsync(tls, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ct);
            head = await reader.ReadAsync(ct);                              // never answered
            if (head.Method != InMethod || !head.Names("Transfer-Encoding", "chunked"))
                WireFormatException.Throw("RequestHead", "method", "is not the body that was announced");
        }
        var input = new RdgInput(tls, reader.TakeRest(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!pairs.TryJoin(id, request.Client, input)) return;
        limits.HandshakeOver(request.Client);
        request.HandshakeOver = true;
        await input.Over.Task;
    }

    private async Task AnswerAsync(Request request, TlsStream tls, int status, string problem, CancellationToken ct)
    {
        log.RequestNotTaken(request.Client, status, problem);
        await WriteAsync(tls, $"HTTP/1.1 {status} {(status == 404 ? "Not Found" : "Bad Request")}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", ct);
    }

    private static Task WriteAsync(TlsStream tls, string head, CancellationToken ct) => WriteAsync(tls, head, [], ct);

    private static async Task WriteAsync(TlsStream tls, string head, byte[] body, CancellationToken ct)
    {
        await tls.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], ct);
    }

    private sealed class Request(IPAddress client, DateTimeOffset acceptedAt)
    {
        public IPAddress Client { get; } = client;

        public DateTimeOffset AcceptedAt { get; } = acceptedAt;

        /// <summary>True once somebody else says, or has said, that the handshake is over.</summary>
        public bool HandshakeOver { get; set; }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Protocol.Http;
using Montalegre.Vdi.Protocol.WebSockets;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.RdGateway;

/// <summary>
/// Looks at the first bytes of every TLS connection of the portal's address. RD Gateway requests are taken over before
/// ASP.NET Core reads them, because it cannot answer them as their clients need it (ADR 18); all else passes on untouched.
/// </summary>
internal sealed class RdGatewayDoor(
    RdgPairs pairs, RdgServing serving, RdgBasic basic, AddressLimits limits, IOptions<GatewayOptions> gateway, IOptions<RdGatewayOptions> options, TimeProvider time, ILogger<RdGatewayDoor> log)
{
    private const string OutMethod = "RDG_OUT_DATA";
    private const string InMethod = "RDG_IN_DATA";
    private const string Path = "/remoteDesktopGateway";
    private static readonly byte[] OutStart = Encoding.ASCII.GetBytes(OutMethod + " ");
    private static readonly byte[] InStart = Encoding.ASCII.GetBytes(InMethod + " ");

    /// <summary>A client that opens a connection to have it ready may be silent; the web server lets it be so for about as long.</summary>
    private static readonly TimeSpan FirstByte = TimeSpan.FromMinutes(2);

    // The client reads past exactly this much before packets begin; it makes proxies open the flow (MS-TSGU 3.3.5.1).
    private static readonly byte[] Seed = "0123456789"u8.ToArray();

    /// <summary>The middleware, to stand directly behind TLS.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => connection => TakeOrPassAsync(connection, next);

    private async Task TakeOrPassAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        switch (await LookAsync(connection))
        {
            case true: await AdmitAsync(connection); break;
            case false: await next(connection); break;
            case null: connection.Abort(); break;
        }
    }

    /// <summary>True: ours; false: not; null: left, or said too little in time. Nothing is consumed.</summary>
    private async Task<bool?> LookAsync(ConnectionContext connection)
    {
        if (!options.Value.Enabled || connection.Features.Get<ISslStreamFeature>() is not { } tls) return false;
        if (tls.SslStream.NegotiatedApplicationProtocol == SslApplicationProtocol.Http2) return false;
        using var deadline = new CancellationTokenSource(FirstByte, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, connection.ConnectionClosed);
        var input = connection.Transport.Input;
        try
        {
            while (true)
            {
                var result = await input.ReadAsync(either.Token);
                var verdict = Judge(result);
                input.AdvanceTo(result.Buffer.Start, verdict is null && !result.IsCompleted ? result.Buffer.End : result.Buffer.Start);
                if (verdict is not null || result.IsCompleted) return verdict;
                deadline.CancelAfter(gateway.Value.FirstRequestDeadline);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException) { return null; }
    }

    private static bool? Judge(ReadResult result)
    {
        if (result.Buffer.IsEmpty) return null;
        Span<byte> start = stackalloc byte[OutStart.Length];
        var length = (int)Math.Min(result.Buffer.Length, start.Length);
        result.Buffer.Slice(0, length).CopyTo(start);
        foreach (var method in new[] { OutStart, InStart })
        {
            var compared = Math.Min(length, method.Length);
            if (!start[..compared].SequenceEqual(method.AsSpan(0, compared))) continue;
            return compared == method.Length ? true : null;
        }
        return false;
    }

    private async Task AdmitAsync(ConnectionContext connection)
    {
        var acceptedAt = time.GetUtcNow();
        if (connection.RemoteEndPoint is not IPEndPoint { Address: var client }) return;
        if (client.IsIPv4MappedToIPv6) client = client.MapToIPv4();
        var entry = limits.TryEnter(client);
        if (entry != AddressLimits.Entry.Allowed)
        {
            log.TurnedAway(client, entry.ToString());
            connection.Abort();
            return;
        }
        var request = new Request(connection, client, acceptedAt);
        try
        {
            NoticeVanished(connection);
            await ServeAsync(request);
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
            limits.Leave(client);
        }
    }

    /// <summary>From here on the connection is ours: TLS is read and written directly, past the web server's buffers.</summary>
    private async Task ServeAsync(Request request)
    {
        var connection = request.Connection;
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? connection.ConnectionClosed;
        using var deadline = new CancellationTokenSource(gateway.Value.FirstRequestDeadline, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping);
        var tls = connection.Features.Get<ISslStreamFeature>()!.SslStream;
        var first = await connection.Transport.Input.ReadAsync(either.Token);
        var reader = new HeadReader(tls, first.Buffer.ToArray());
        connection.Transport.Input.AdvanceTo(first.Buffer.End);

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
    private async Task<(RdgPerson? Person, RequestHead Head)> ProveAsync(Request request, RequestHead head, HeadReader reader, SslStream tls, CancellationToken ct)
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

    private async Task WaitForPairAsync(Request request, Guid id, SslStream output, RdgPerson? person, CancellationTokenSource deadline, CancellationToken stopping, CancellationToken ct)
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

    private async Task JoinAsync(Request request, Guid id, RequestHead head, HeadReader reader, SslStream tls, CancellationToken ct)
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

    private async Task AnswerAsync(Request request, SslStream tls, int status, string problem, CancellationToken ct)
    {
        log.RequestNotTaken(request.Client, status, problem);
        await WriteAsync(tls, $"HTTP/1.1 {status} {(status == 404 ? "Not Found" : "Bad Request")}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", ct);
    }

    private static Task WriteAsync(SslStream tls, string head, CancellationToken ct) => WriteAsync(tls, head, [], ct);

    private static async Task WriteAsync(SslStream tls, string head, byte[] body, CancellationToken ct)
    {
        await tls.WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body], ct);
        await tls.FlushAsync(ct);
    }

    /// <summary>A client that is gone without a word answers no probe, and takes no byte: either ends the connection.</summary>
    private void NoticeVanished(ConnectionContext connection)
    {
        if (connection.Features.Get<IConnectionSocketFeature>()?.Socket is not { } socket) return;
        const int tcp = 6, tcpUserTimeout = 18;                             // IPPROTO_TCP, TCP_USER_TIMEOUT of Linux, in milliseconds
        var seconds = (int)options.Value.VanishedAfter.TotalSeconds;
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, seconds / 2));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Math.Max(1, seconds / 6));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
        socket.SetRawSocketOption(tcp, tcpUserTimeout, BitConverter.GetBytes(seconds * 1000));
    }

    private sealed class Request(ConnectionContext connection, IPAddress client, DateTimeOffset acceptedAt)
    {
        public ConnectionContext Connection { get; } = connection;

        public IPAddress Client { get; } = client;

        public DateTimeOffset AcceptedAt { get; } = acceptedAt;

        /// <summary>True once somebody else says, or has said, that the handshake is over.</summary>
        public bool HandshakeOver { get; set; }
    }
}

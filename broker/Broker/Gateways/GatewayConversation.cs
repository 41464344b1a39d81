using System.Collections.Concurrent;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>One gateway's stream of reports. After a break the gateway names what is open; what it does not name is lost.</summary>
internal sealed class GatewayConversation(
    GatewayStore gateways, ProbeStore probes, GatewayDirectory directory, IOptions<GatewayOptions> options, TimeProvider time, ILogger<GatewayConversation> log)
{
    private const int FailuresPerMinute = 20;
    private const int MostSources = 10_000;

    // A port scan must not fill the audit: after twenty failures a minute one row says that there are more.
    private readonly AttemptLimiter _failures = new(FailuresPerMinute, MostSources, time);

    /// <summary>Returns when the stream is over. False: the certificate's gateway does not exist.</summary>
    public async Task<bool> RunAsync(
        GatewayId gateway, string address, IAsyncStreamReader<ConnectionReport> incoming, IServerStreamWriter<GatewayOrder> outgoing, CancellationToken ct)
    {
        var stream = new GatewayStream(gateway, outgoing);
        // Admitted before the row is written: an order to all gateways that is given in between reaches this one too.
        directory.Admit(stream);
        if (await ConnectedAsync(stream) is not { } since) return false;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(ct);
        log.GatewayConnected(gateway, address);
        var named = new ConcurrentDictionary<Guid, bool>();
        var settling = SettleAsync(gateway, since, named, ending.Token);
        try
        {
            while (await incoming.MoveNext(ct)) await HandleAsync(gateway, incoming.Current, named);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or RpcException)
        {
            // The stream broke; the gateway comes back and its relays have not noticed.
        }
        finally
        {
            await ending.CancelAsync();
            await settling;
            await LeaveAsync(stream);
            log.GatewayLeft(gateway);
        }
        return true;
    }

    private async Task<DateTime?> ConnectedAsync(GatewayStream stream)
    {
        DateTime? since = null;
        try
        {
            since = await gateways.ConnectedAsync(stream.Gateway);
        }
        finally
        {
            if (since is null) directory.Leave(stream);
        }
        return since;
    }

    private async Task LeaveAsync(GatewayStream stream)
    {
        if (!directory.Leave(stream)) return;
        await gateways.DisconnectedAsync(stream.Gateway);
        // One that came back while this was written is there.
        if (directory.Has(stream.Gateway)) await gateways.BeatAsync([stream.Gateway]);
    }

    private async Task SettleAsync(GatewayId gateway, DateTime since, ConcurrentDictionary<Guid, bool> named, CancellationToken ct)
    {
        try
        {
            await Task.Delay(options.Value.ReportAgainWithin, time, ct);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        var lost = await gateways.CloseLostAsync(gateway, since, [.. named.Keys]);
        if (lost > 0) log.ConnectionsLost(gateway, lost);
    }

    private async Task HandleAsync(GatewayId gateway, ConnectionReport report, ConcurrentDictionary<Guid, bool> named)
    {
        ConnectionId? id = Guid.TryParseExact(report.ConnectionId, "D", out var parsed) ? new ConnectionId(parsed) : null;
        if (id is { } known) named.TryAdd(known.Value, true);
        switch (report.KindCase)
        {
            case ConnectionReport.KindOneofCase.Opened when id is { } opened:
                await gateways.OpenedAsync(
                    gateway, opened, report.Opened.At?.ToDateTimeOffset() ?? time.GetUtcNow(), report.Opened.AcceptedAt?.ToDateTimeOffset(),
                    RedeemTicket.Normal(report.Opened.ClientAddress), Bounded.Text(report.Opened.ClientName, 100));
                break;
            case ConnectionReport.KindOneofCase.Closed when id is { } closed:
                await gateways.ClosedAsync(
                    gateway, closed, report.Closed.At?.ToDateTimeOffset() ?? time.GetUtcNow(), Bounded.Text(report.Closed.End, 40),
                    (long)Math.Min(report.Closed.BytesFromClient, long.MaxValue), (long)Math.Min(report.Closed.BytesFromMachine, long.MaxValue));
                break;
            case ConnectionReport.KindOneofCase.Failed:
                await FailedAsync(gateway, id, report.Failed);
                break;
            case ConnectionReport.KindOneofCase.Shown when report.Shown.NotAfter is { } until:
                await gateways.ShowsAsync(gateway, Bounded.Text(report.Shown.Subject, 200), until.ToDateTimeOffset());
                break;
            case ConnectionReport.KindOneofCase.Probed when Guid.TryParseExact(report.Probed.ProbeId, "D", out var probe):
                await probes.ResultAsync(gateway, new(probe), report.Probed.Code.ToDomain(), new(Ms(report.Probed.RedeemedMs), Ms(report.Probed.StartedMs), Ms(report.Probed.PictureMs)));
                break;
        }
    }

    private static int? Ms(uint ms) => ms == 0 ? null : (int)Math.Min(ms, int.MaxValue);

    private async Task FailedAsync(GatewayId gateway, ConnectionId? id, ConnectionFailed failed)
    {
        var client = RedeemTicket.Normal(failed.ClientAddress);
        if (id is null)
        {
            var attempt = _failures.Count(client);
            if (attempt == Attempt.JustTripped) await gateways.TooManyAsync(gateway, client, "connection.failed");
            if (attempt != Attempt.Counted) return;
        }
        await gateways.FailedAsync(gateway, id, ReasonTexts.Name(failed.Code), client);
    }
}

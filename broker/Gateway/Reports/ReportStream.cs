using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.RdpTcp;
using Montalegre.Vdi.Gateway.Relay;

namespace Montalegre.Vdi.Gateway.Reports;

/// <summary>The stream with the broker: reports go up, orders come down. While it is broken, relays run and reports wait.</summary>
internal sealed class ReportStream(
    BrokerLink broker, ConnectionReports reports, DoorCertificate certificate, OpenConnections connections, ProbeOrders probes, RightsSweep rights, IOptions<GatewayOptions> options, TimeProvider time, ILogger<ReportStream> log)
    : BackgroundService
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);

    /// <summary>Stopped after the door, so that the last reports still go out.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        reports.Complete();
        if (ExecuteTask is { } running) await Task.WhenAny(running, Task.Delay(options.Value.StopGrace, time, cancellationToken));
        await base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var wait = ShortestWait;
        while (!stoppingToken.IsCancellationRequested && !reports.Waiting.Completion.IsCompleted)
        {
            try
            {
                var client = await broker.ClientAsync(stoppingToken);
                using var call = client.Connections(cancellationToken: stoppingToken);
                log.StreamOpen(connections.Count);
                var since = time.GetTimestamp();
                try { await TalkAsync(call, stoppingToken); }
                finally { if (time.GetElapsedTime(since) > LongestWait) wait = ShortestWait; }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.StreamBroke(e is RpcException rpc ? rpc.Status.Detail : e.Message);
            }
            if (reports.Waiting.Completion.IsCompleted) return;
            // Half of the wait is chance, so that many gateways do not come back in the same instant.
            await Task.Delay((wait / 2) + (wait / 2 * Random.Shared.NextDouble()), time, stoppingToken);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestWait.Ticks));
        }
    }

    private async Task TalkAsync(AsyncDuplexStreamingCall<ConnectionReport, GatewayOrder> call, CancellationToken stopping)
    {
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var obeying = ObeyAsync(call.ResponseStream, broken);
        try
        {
            await call.RequestStream.WriteAsync(ConnectionReports.Describe(certificate), broken.Token);
            foreach (var connection in connections.All) await call.RequestStream.WriteAsync(ConnectionReports.Describe(connection), broken.Token);
            while (await reports.Waiting.WaitToReadAsync(broken.Token))
            {
                // Taken off only when sent: a report that meets a broken stream goes first on the next one.
                while (reports.Waiting.TryPeek(out var next))
                {
                    await call.RequestStream.WriteAsync(next, broken.Token);
                    reports.Waiting.TryRead(out _);
                }
            }
            await call.RequestStream.CompleteAsync();
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // The broker ended the stream; the reader below knows why.
        }
        finally
        {
            await obeying;
        }
    }

    private async Task ObeyAsync(IAsyncStreamReader<GatewayOrder> orders, CancellationTokenSource broken)
    {
        try
        {
            while (await orders.MoveNext(broken.Token))
            {
                if (orders.Current.Probe is { } probe) probes.Add(probe);
                if (orders.Current.Recheck is not null) rights.CheckSoon();
                if (orders.Current.Close is not { } close) continue;
                var found = await connections.EndAsync(close.ConnectionId, close.Code switch { ReasonCode.CardRemoved => RelayEnd.CardRemoved, ReasonCode.LockFailed => RelayEnd.LockFailed, _ => RelayEnd.TicketRevoked });
                log.CloseOrdered(close.ConnectionId, close.Code, found);
            }
        }
        finally
        {
            await broken.CancelAsync();
        }
    }
}

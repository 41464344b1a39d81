using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Portal;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>The broker as far as assistances go: its word comes down a stream, what happens here goes up, again and again until it is taken.</summary>
internal sealed class AssistanceLink(BrokerLink broker, AssistanceDesk desk, AssistanceReports reports, IOptions<PortalDoorOptions> portal, TimeProvider time, ILogger<AssistanceLink> log)
    : BackgroundService, IAssistanceBroker
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestUnasked = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(10);

    public async Task<RedeemAssistanceResponse> RedeemAsync(string ticket, IPAddress client, CancellationToken ct)
    {
        try
        {
            if (broker.Assistance is { } calls)
                return await calls.RedeemAsync(new() { Ticket = ticket, ClientAddress = client.ToString() }, deadline: time.GetUtcNow().UtcDateTime + CallDeadline, cancellationToken: ct);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            log.AssistanceCallFailed(e.StatusCode.ToString(), e.Status.Detail);
        }
        return new() { Refused = new Reason { Code = ReasonCode.BrokerUnavailable } };
    }

    public async Task TellAsync(AssistanceNews news, CancellationToken ct)
    {
        var calls = broker.Assistance ?? throw new RpcException(new Status(StatusCode.Unavailable, "This gateway has not joined a broker yet."));
        var deadline = time.GetUtcNow().UtcDateTime + CallDeadline;
        if (news is AssistanceNews.Answered answer) await calls.AnswerAsync(new() { AssistanceId = answer.Id, Granted = answer.Granted }, deadline: deadline, cancellationToken: ct);
        else if (news is AssistanceNews.Over over) await calls.EndAsync(new() { AssistanceId = over.Id, End = over.End }, deadline: deadline, cancellationToken: ct);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(FollowAsync(stoppingToken), ReportAsync(stoppingToken));

    private async Task FollowAsync(CancellationToken ct)
    {
        var (wait, isWith) = (ShortestWait, false);
        // A right that cannot be asked about any more is none. The desktop itself goes on.
        using var unasked = time.CreateTimer(_ => _ = desk.EndAllUnaskedAsync(), null, LongestUnasked, Timeout.InfiniteTimeSpan);
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await broker.ClientAsync(ct);
                var address = IPEndPoint.TryParse(portal.Value.Listen, out var listen) ? (uint)listen.Port : 0;
                using var call = broker.Assistance!.Follow(new() { PortalAddress = portal.Value.PublicAddress, PortalPort = address }, cancellationToken: ct);
                try
                {
                    while (await call.ResponseStream.MoveNext(ct))
                    {
                        // A stream that is open and says nothing is no broker that is away.
                        if (!isWith) unasked.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                        (wait, isWith) = (ShortestWait, true);
                        await desk.ApplyAsync(call.ResponseStream.Current);
                    }
                }
                finally
                {
                    if (isWith) unasked.Change(LongestUnasked, Timeout.InfiniteTimeSpan);
                    isWith = false;
                }
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                // Whatever it is: a service that ends takes the gateway and everybody's desktop with it.
                var status = (e as RpcException)?.Status;
                log.AssistanceStreamBroke(status?.StatusCode.ToString() ?? e.GetType().Name, status?.Detail ?? e.Message);
            }
            // Half of the wait is chance, so that many gateways do not come back in the same instant.
            await Task.Delay((wait / 2) + (wait / 2 * Random.Shared.NextDouble()), time, ct);
            wait = TimeSpan.FromTicks(Math.Min(wait.Ticks * 2, LongestWait.Ticks));
        }
    }

    private async Task ReportAsync(CancellationToken ct)
    {
        while (await reports.Waiting.WaitToReadAsync(ct))
        {
            while (reports.Waiting.TryPeek(out var news))
            {
                try
                {
                    await TellAsync(news, ct);
                }
                catch (RpcException e) when (!ct.IsCancellationRequested && e.StatusCode is not (StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Internal))
                {
                    log.AssistanceCallFailed(e.StatusCode.ToString(), e.Status.Detail);
                }
                catch (Exception e) when (!ct.IsCancellationRequested)
                {
                    if (e is not RpcException) log.AssistanceCallFailed(e.GetType().Name, e.Message);
                    await Task.Delay(ShortestWait, time, ct);
                    continue;       // the same news again, so that their order holds
                }
                reports.Waiting.TryRead(out _);
            }
        }
    }
}

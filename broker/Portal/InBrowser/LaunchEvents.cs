using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Connect;
using Montalegre.Vdi.Portal.Desktops;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.InBrowser;

/// <summary>One event of a launch, in words. Only "ready" has a ticket, and only the body of this answer ever holds it.</summary>
internal sealed record LaunchEvent
{
    [JsonPropertyName("waiting"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public WaitingNews? Waiting { get; init; }

    [JsonPropertyName("refused"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RefusalWords? Refused { get; init; }

    [JsonPropertyName("ticket"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Ticket { get; init; }
}

/// <summary>
/// The event stream behind the page of a desktop: "waiting" with words, then "ready" or "refused". It answers a form, since
/// a launch changes something; the same request id keeps the place in the queue when the stream breaks and is asked for again.
/// </summary>
internal static class LaunchEvents
{
    public static async Task<IResult> Stream(HttpContext http, string pool, BrokerCalls broker)
    {
        var form = await http.Request.ReadFormAsync(http.RequestAborted);
        return Guid.TryParse(form["request"], out var request)
            ? TypedResults.ServerSentEvents(EventsAsync(http, pool, request, form["returning"] == "1", broker, http.RequestAborted))
            : Results.BadRequest();
    }

    private static async IAsyncEnumerable<SseItem<LaunchEvent>> EventsAsync(
        HttpContext http, string pool, Guid request, bool isReturning, BrokerCalls broker, [EnumeratorCancellation] CancellationToken gone)
    {
        var t = Language.Of(http);
        // Whoever comes back by itself wants the session that is there, not a new one: it may have ended for good.
        if (isReturning && !await HasSessionAsync(http, pool, broker))
        {
            yield return new(new() { Refused = RefusalWords.Of(new Reason { Code = ReasonCode.SessionEnded }, t.Culture) }, "refused");
            yield break;
        }
        using var call = await broker.LaunchAsync(http, pool, request, forFile: false, gone);
        while (true)
        {
            var (progress, failure) = await NextAsync(call, gone);
            if (progress is { KindCase: LaunchProgress.KindOneofCase.Waiting })
            {
                yield return new(new() { Waiting = WaitingNews.Of(progress.Waiting, t) }, "waiting");
                continue;
            }
            yield return progress switch
            {
                { KindCase: LaunchProgress.KindOneofCase.Ready } => new(new() { Ticket = ReadyLaunch.TicketOf(progress.Ready) }, "ready"),
                { KindCase: LaunchProgress.KindOneofCase.Refused } => new(new() { Refused = RefusalWords.Of(progress.Refused, t.Culture) }, "refused"),
                _ => new(new() { Refused = RefusalWords.Of(failure ?? new Reason { Code = ReasonCode.BrokerUnavailable }, t.Culture) }, "broken"),
            };
            yield break;
        }
    }

    private static async Task<bool> HasSessionAsync(HttpContext http, string pool, BrokerCalls broker) =>
        (await broker.DesktopsAsync(http)).Any(d => CardKey.Of(d) == pool && d.SessionId.Length > 0);

    private static async Task<(LaunchProgress? Progress, Reason? Failure)> NextAsync(AsyncServerStreamingCall<LaunchProgress> call, CancellationToken gone)
    {
        try { return (await call.ResponseStream.MoveNext(gone) ? call.ResponseStream.Current : null, null); }
        catch (RpcException e) when (e.StatusCode == StatusCode.Unauthenticated) { return (null, new Reason { Code = ReasonCode.SignInExpired }); }
        catch (RpcException e) { return (null, BrokerReason.Of(e)); }
    }
}

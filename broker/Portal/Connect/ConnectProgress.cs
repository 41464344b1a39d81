using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json.Serialization;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Portal.Hosting;
using Montalegre.Vdi.Portal.Languages;

namespace Montalegre.Vdi.Portal.Connect;

/// <summary>What the waiting page shows, already in words: the script only puts them in place.</summary>
internal sealed record WaitingNews(
    [property: JsonPropertyName("code")] string Code,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("place")] string Place,
    [property: JsonPropertyName("estimate")] string Estimate)
{
    public static WaitingNews Of(LaunchWaiting waiting, Texts t) => new(
        ReasonTexts.Name(waiting.Reason?.Code ?? 0),
        ReasonTexts.Sentence(waiting.Reason?.Code ?? 0, t.Culture),
        waiting.Queue is { Place: > 0 } queue ? t.Place(queue.Place) : "",
        waiting.Queue is { EstimatedSeconds: > 0 } estimate ? t.Estimate(estimate.EstimatedSeconds) : t.NoEstimate);
}

/// <summary>The event stream behind the waiting page: "waiting" with words, then "done" (or "broken") that makes the page load itself again.</summary>
internal static class ConnectProgress
{
    public static IResult Stream(HttpContext http, string handle, BrokerCalls broker, LaunchHandles handles) =>
        handles.Read(http, handle) is not { } launching
            ? Results.NotFound()
            : TypedResults.ServerSentEvents(EventsAsync(http, launching, broker, http.RequestAborted));

    private static async IAsyncEnumerable<SseItem<WaitingNews?>> EventsAsync(
        HttpContext http, Launching launching, BrokerCalls broker, [EnumeratorCancellation] CancellationToken gone)
    {
        var t = Language.Of(http);
        using var call = await broker.LaunchAsync(http, launching.Pool, launching.Request, forFile: false, gone);
        var progress = await NextAsync(call, gone);
        while (progress is { KindCase: LaunchProgress.KindOneofCase.Waiting })
        {
            yield return new(WaitingNews.Of(progress.Waiting, t), "waiting");
            progress = await NextAsync(call, gone);
        }
        yield return new(null, progress is null ? "broken" : "done");
    }

    // A broken stream is no verdict on the launch: the page asks again a little later and shows what is the matter.
    private static async Task<LaunchProgress?> NextAsync(AsyncServerStreamingCall<LaunchProgress> call, CancellationToken gone)
    {
        try { return await call.ResponseStream.MoveNext(gone) ? call.ResponseStream.Current : null; }
        catch (RpcException) { return null; }
    }
}

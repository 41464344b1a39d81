using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace Montalegre.Vdi.Portal.Hosting;

/// <summary>
/// The broker's answer to a question that every sign-in page has, kept for a moment. A late answer is no "no": the last one holds, and the next page
/// asks again; before the first one it is <paramref name="none"/>.
/// </summary>
/// <param name="knownFor">How long it is not asked again.</param>
/// <param name="patience">How long a page waits for it.</param>
/// <param name="none">What a page shows that never heard it.</param>
internal sealed class LastAnswer<T>(TimeSpan knownFor, TimeSpan patience, T none)
{
    private volatile Known? _known;

    /// <summary>Asks by <paramref name="ask"/> when the last answer is old. A broker that does not answer is told to <paramref name="late"/> and costs what is offered at most.</summary>
    public async Task<T> GetAsync(TimeProvider time, HttpContext http, Func<CallOptions, Task<T>> ask, Action<StatusCode>? late = null)
    {
        if (_known is { } known && time.GetElapsedTime(known.At) <= knownFor) return known.Answer;
        try
        {
            var answer = await ask(new(deadline: time.GetUtcNow().UtcDateTime + patience, cancellationToken: http.RequestAborted));
            _known = new(answer, time.GetTimestamp());
            return answer;
        }
        catch (RpcException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            late?.Invoke(e.StatusCode);
            return _known is { } last ? last.Answer : none;
        }
    }

    private sealed record Known(T Answer, long At);
}

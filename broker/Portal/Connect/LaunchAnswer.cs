using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Portal.Connect;

internal static class LaunchAnswer
{
    /// <summary>
    /// The newest progress within the time given: at once when it is ready or refused, else the last word on the wait.
    /// Letting go of the stream is safe: the same request id answers the same session.
    /// </summary>
    public static async Task<LaunchProgress> WithinAsync(AsyncServerStreamingCall<LaunchProgress> call, TimeSpan patience, bool stopAtWaiting, TimeProvider time, CancellationToken gone)
    {
        var last = new LaunchProgress { Waiting = new LaunchWaiting { Reason = new Reason { Code = ReasonCode.WaitingForMachine } } };
        using var timeout = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, gone);
        try
        {
            while (await call.ResponseStream.MoveNext(either.Token))
            {
                last = call.ResponseStream.Current;
                if (stopAtWaiting || last.KindCase != LaunchProgress.KindOneofCase.Waiting) return last;
            }
        }
        catch (Exception e) when (timeout.IsCancellationRequested && e is OperationCanceledException or RpcException { StatusCode: StatusCode.Cancelled })
        {
            // Patience ended, not the launch.
        }
        return last;
    }
}

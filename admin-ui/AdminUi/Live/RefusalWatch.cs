using Grpc.Core;
using Grpc.Core.Interceptors;

namespace Montalegre.Vdi.AdminUi.Live;

/// <summary>Tells when the broker refuses a call for want of a permission: then what the console offers is out of date.</summary>
internal sealed class RefusalWatch(Action refused) : Interceptor
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
    {
        var call = continuation(request, context);
        return new(HearAsync(call.ResponseAsync), call.ResponseHeadersAsync, call.GetStatus, call.GetTrailers, call.Dispose);
    }

    private async Task<TResponse> HearAsync<TResponse>(Task<TResponse> response)
    {
        try
        {
            return await response;
        }
        catch (RpcException e) when (e.StatusCode is StatusCode.PermissionDenied)
        {
            refused();
            throw;
        }
    }
}

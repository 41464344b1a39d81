using System.Security.Cryptography;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>Answers what a service did not foresee: the database away, the disk full, or a defect of ours with a reference.</summary>
internal sealed class FailureInterceptor(ILogger<FailureInterceptor> log) : Interceptor
{
    public override Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => continuation(request, context));

    public override Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => continuation(requestStream, context));

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => WithoutResult(continuation(request, responseStream, context)));

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation) =>
        GuardAsync(context, () => WithoutResult(continuation(requestStream, responseStream, context)));

    private async Task<T> GuardAsync<T>(ServerCallContext context, Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (RpcException)
        {
            throw;   // a refusal; already an answer
        }
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Cancelled, "The caller left."));   // not an error of ours, not logged as one
        }
        catch (Exception e) when (DatabaseFailure.ReasonOf(e) is { } reason)
        {
            log.CallWithoutDatabase(context.Method, reason.ToString(), (e as NpgsqlException)?.SqlState ?? "no connection");
            throw Refusal.Refused(reason);
        }
        catch (Exception e)
        {
            var reference = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(5));
            log.CallFailed(context.Method, reference, e);
            throw Refusal.Refused(RefusalReason.Internal, reference: reference);
        }
    }

    private static async Task<bool> WithoutResult(Task call)
    {
        await call;
        return true;
    }
}

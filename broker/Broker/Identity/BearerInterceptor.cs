using Grpc.Core;
using Grpc.Core.Interceptors;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// The one door of the public API, for gRPC and for REST: no method runs before its token was checked. Streams are
/// checked again before a message goes out, so a disabled user sees nothing new.
/// </summary>
internal sealed class BearerInterceptor(CallerDirectory callers) : Interceptor
{
    private const string Scheme = "Bearer ";

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        return await continuation(request, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context);
        return await continuation(requestStream, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var open = await AdmitAsync(context) is MethodAccess.Open;
        await continuation(request, open ? responseStream : new CheckedWriter<TResponse>(responseStream, () => AdmitAsync(context)), context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var open = await AdmitAsync(context) is MethodAccess.Open;
        await continuation(requestStream, open ? responseStream : new CheckedWriter<TResponse>(responseStream, () => AdmitAsync(context)), context);
    }

    private async Task<MethodAccess> AdmitAsync(ServerCallContext context)
    {
        var access = MethodAccessRules.Of(context.Method);
        if (access is MethodAccess.Open) return access;

        var caller = await callers.FindAsync(TokenOf(context.RequestHeaders), context.CancellationToken) ?? throw Refusal.Refused(RefusalReason.SignInExpired);
        var wanted = access is MethodAccess.Employee ? Audience.Employee : Audience.Administrator;
        if (caller.Audience != wanted) throw Refusal.Refused(RefusalReason.NotAllowed);
        context.SetCaller(caller);
        return access;
    }

    private static string? TokenOf(Metadata headers) =>
        headers.GetValue("authorization") is { } value && value.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? value[Scheme.Length..].Trim() : null;

    private sealed class CheckedWriter<T>(IServerStreamWriter<T> writer, Func<Task> check) : IServerStreamWriter<T>
    {
        public WriteOptions? WriteOptions { get => writer.WriteOptions; set => writer.WriteOptions = value; }

        public async Task WriteAsync(T message)
        {
            await check();
            await writer.WriteAsync(message);
        }

        public async Task WriteAsync(T message, CancellationToken cancellationToken)
        {
            await check();
            await writer.WriteAsync(message, cancellationToken);
        }
    }
}

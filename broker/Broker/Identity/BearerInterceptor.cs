using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// The one door of the public API, for gRPC and for REST: no method runs before its token was checked. Streams are
/// checked again before a message goes out, so a disabled user sees nothing new, and end when the caller's rights changed:
/// what was read by the old ones is not sent.
/// </summary>
internal sealed class BearerInterceptor(CallerDirectory callers, RightsCheck rights, TimeProvider time) : Interceptor
{
    private const string Scheme = "Bearer ";

    // With the two seconds that a caller is remembered, a sign-in that ended is noticed within five.
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(3);

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context, request);
        return await continuation(request, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await AdmitAsync(context, null);
        return await continuation(requestStream, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        if (await AdmitAsync(context, request) is not { } admitted)
        {
            await continuation(request, responseStream, context);
            return;
        }
        using var over = new CancellationTokenSource();
        var watch = EndWithSignInAsync(context, over.Token);
        try { await continuation(request, new CheckedWriter<TResponse>(responseStream, () => AdmitAgainAsync(context, request, admitted)), context); }
        finally
        {
            await over.CancelAsync();
            await watch;
        }
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        var admitted = await AdmitAsync(context, null);
        await continuation(requestStream, admitted is null ? responseStream : new CheckedWriter<TResponse>(responseStream, () => AdmitAgainAsync(context, null, admitted)), context);
    }

    // Null: the method is open to everybody.
    private async Task<Caller?> AdmitAsync(ServerCallContext context, object? request)
    {
        var access = MethodAccessRules.Of(context.Method);
        if (access is MethodAccess.Open) return null;

        var caller = await callers.FindAsync(TokenOf(context.RequestHeaders), context.CancellationToken) ?? throw Refusal.Refused(RefusalReason.SignInExpired);
        var wanted = access is MethodAccess.Employee ? Audience.Employee : Audience.Administrator;
        if (access is not MethodAccess.SignedIn && caller.Audience != wanted) throw Refusal.Refused(RefusalReason.NotAllowed);
        if (access is MethodAccess.Administrator) await rights.RunAsync(caller, context.Method, request as IMessage, context.CancellationToken);
        context.SetCaller(caller);
        return caller;
    }

    // The watcher comes again, and gets a snapshot by the rights that hold now.
    private async Task AdmitAgainAsync(ServerCallContext context, object? request, Caller admitted)
    {
        if (await AdmitAsync(context, request) is { } now && !now.Rights.Equals(admitted.Rights)) throw Refusal.Refused(RefusalReason.BrokerUnavailable, "rights");
    }

    // A stream with nothing to say would outlive its sign-in, and the page before it with it. Who comes again hears why.
    private async Task EndWithSignInAsync(ServerCallContext context, CancellationToken over)
    {
        using var tick = new PeriodicTimer(Recheck, time);
        try
        {
            while (await tick.WaitForNextTickAsync(over))
            {
                if (await HoldsAsync(context, over)) continue;
                context.GetHttpContext().Abort();
                return;
            }
        }
        catch (OperationCanceledException) when (over.IsCancellationRequested)
        {
            // The stream ended by itself.
        }
    }

    // A database that does not answer ends nobody's stream.
    private async Task<bool> HoldsAsync(ServerCallContext context, CancellationToken ct)
    {
        try { return await callers.FindAsync(TokenOf(context.RequestHeaders), ct) is not null; }
        catch (Exception e) when (DatabaseFailure.ReasonOf(e) is not null) { return true; }
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

using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// The one door of the public API, for gRPC and for REST: no method runs before its token or key was checked. Streams are
/// checked again before a message goes out, so a disabled user sees nothing new, and end when the caller's rights changed:
/// what was read by the old ones is not sent. One that has nothing to say is checked, too, and ends within seconds.
/// </summary>
internal sealed class BearerInterceptor(CallerDirectory callers, RightsCheck rights, SourceAddress source, TimeProvider time) : Interceptor
{
    private const string Scheme = "Bearer ";

    // With the two seconds for which a caller is remembered: under five from the change to the end of the stream.
    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(2);

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
        var admitted = await AdmitAsync(context, request);
        if (admitted is null)
        {
            await continuation(request, responseStream, context);
            return;
        }
        Task AgainAsync() => AdmitAgainAsync(context, request, admitted);
        await WhileAdmittedAsync(context, AgainAsync, call => continuation(request, new CheckedWriter<TResponse>(responseStream, AgainAsync), call));
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

        var caller = await FindAsync(context, TokenOf(context.RequestHeaders));
        // An account is its person's alone: a key changes no second factor and opens no desktop.
        if (caller.ApiKey is not null && access is not MethodAccess.Administrator) throw Refusal.Refused(RefusalReason.NotAllowed, caller.UserName);
        var wanted = access is MethodAccess.Employee ? Audience.Employee : Audience.Administrator;
        if (access is not MethodAccess.SignedIn && caller.Audience != wanted) throw Refusal.Refused(RefusalReason.NotAllowed);
        if (access is MethodAccess.Administrator) await rights.RunAsync(caller, context.Method, request as IMessage, context.CancellationToken);
        context.SetCaller(caller);
        return caller;
    }

    private async Task<Caller> FindAsync(ServerCallContext context, string? bearer) => ApiKeySecret.IsMeant(bearer)
        ? await callers.FindByKeyAsync(bearer, source.Of(context, ""), context.CancellationToken) ?? throw Refusal.Refused(RefusalReason.ApiKeyInvalid)
        : await callers.FindAsync(bearer, context.CancellationToken) ?? throw Refusal.Refused(RefusalReason.SignInExpired);

    private async Task WhileAdmittedAsync(ServerCallContext context, Func<Task> again, Func<ServerCallContext, Task> run)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        using var tick = new PeriodicTimer(CheckEvery, time);
        var running = run(new EndableCall(context, ends.Token));
        while (await Task.WhenAny(running, tick.WaitForNextTickAsync(CancellationToken.None).AsTask()) != running)
        {
            try { await again(); }
            catch (NpgsqlException e) when (Outage.IsOne(e)) { }     // nobody's rights change without the database, and nothing is sent without it
            catch
            {
                await ends.CancelAsync();
                await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                throw;
            }
        }
        await running;
    }

    // The watcher comes again, and gets a snapshot by the rights that hold now.
    private async Task AdmitAgainAsync(ServerCallContext context, object? request, Caller admitted)
    {
        if (await AdmitAsync(context, request) is { } now && !now.Rights.Equals(admitted.Rights)) throw Refusal.Refused(RefusalReason.BrokerUnavailable, "rights");
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

using Grpc.Core;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>A call as it came, but for its cancellation: the door can end it.</summary>
internal sealed class EndableCall : ServerCallContext
{
    private readonly ServerCallContext _call;
    private readonly CancellationToken _ends;

    public EndableCall(ServerCallContext call, CancellationToken ends)
    {
        (_call, _ends) = (call, ends);
        // Where the server looks for it when a call is not of its own kind.
        call.UserState["__HttpContext"] = call.GetHttpContext();
    }

    protected override string MethodCore => _call.Method;
    protected override string HostCore => _call.Host;
    protected override string PeerCore => _call.Peer;
    protected override DateTime DeadlineCore => _call.Deadline;
    protected override Metadata RequestHeadersCore => _call.RequestHeaders;
    protected override CancellationToken CancellationTokenCore => _ends;
    protected override Metadata ResponseTrailersCore => _call.ResponseTrailers;
    protected override Status StatusCore { get => _call.Status; set => _call.Status = value; }
    protected override WriteOptions? WriteOptionsCore { get => _call.WriteOptions; set => _call.WriteOptions = value; }
    protected override AuthContext AuthContextCore => _call.AuthContext;
    protected override IDictionary<object, object> UserStateCore => _call.UserState;
    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => _call.CreatePropagationToken(options);
    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => _call.WriteResponseHeadersAsync(responseHeaders);
}

using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>The broker's side of assistances over real gRPC; a test says what is open and hears what the gateway tells.</summary>
internal sealed class ScriptedAssistance : GatewayAssistance.GatewayAssistanceBase
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly Channel<string> _told = Channel.CreateUnbounded<string>();

    public Channel<AssistanceUpdate> Updates { get; } = Channel.CreateUnbounded<AssistanceUpdate>();

    public ConcurrentQueue<FollowAssistanceRequest> Follows { get; } = new();

    /// <summary>Refuses every telling with this, as a broker does whose database is away; null: takes them.</summary>
    public StatusCode? Trouble { get; set; }

    public async Task<string> NextAsync() => await _told.Reader.ReadAsync().AsTask().WaitAsync(Patience);

    public override async Task Follow(FollowAssistanceRequest request, IServerStreamWriter<AssistanceUpdate> responseStream, ServerCallContext context)
    {
        Follows.Enqueue(request);
        try { await foreach (var update in Updates.Reader.ReadAllAsync(context.CancellationToken)) await responseStream.WriteAsync(update, context.CancellationToken); }
        catch (OperationCanceledException) { throw new RpcException(new Status(StatusCode.Unavailable, "This broker stops.")); }
    }

    public override async Task<AnswerAssistanceResponse> Answer(AnswerAssistanceRequest request, ServerCallContext context)
    {
        await TellAsync($"answer {request.AssistanceId} {request.Granted}");
        return new();
    }

    public override async Task<GatewayEndedAssistanceResponse> End(GatewayEndedAssistance request, ServerCallContext context)
    {
        await TellAsync($"end {request.AssistanceId} {request.End}");
        return new();
    }

    public override Task<RedeemAssistanceResponse> Redeem(RedeemAssistanceRequest request, ServerCallContext context) =>
        Task.FromResult(new RedeemAssistanceResponse { Refused = new Reason { Code = ReasonCode.TicketUsed, Reference = $"{request.Ticket} {request.ClientAddress}" } });

    private async Task TellAsync(string news)
    {
        if (Trouble is { } status) throw new RpcException(new Status(status, "Not now."));
        await _told.Writer.WriteAsync(news);
    }
}

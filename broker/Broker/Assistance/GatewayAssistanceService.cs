using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>The gRPC face of assistances for gateways. A gateway hears of the rows, whichever broker changed them.</summary>
internal sealed class GatewayAssistanceService(
    AssistanceStore store, RedeemAssistance redeem, ChangePump pump, IOptions<AssistanceOptions> options, TimeProvider time, IHostApplicationLifetime lifetime,
    ILogger<GatewayAssistanceService> log) : GatewayAssistance.GatewayAssistanceBase
{
    private const int LongestAddress = 300;

    public override async Task Follow(FollowAssistanceRequest request, IServerStreamWriter<AssistanceUpdate> responseStream, ServerCallContext context)
    {
        var gateway = Gateway(context);
        await store.PortalAtAsync(gateway, Address(request.PortalAddress), request.PortalPort <= ushort.MaxValue ? (int)request.PortalPort : 0);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var updates = LiveView.WatchAsync(
            pump, ["assistance"], ct => store.OpenOrdersAsync(gateway, ct), (ids, ct) => store.OrdersAsync(gateway, ids, ct), o => o.AssistanceId, time, ending.Token);
        try
        {
            await foreach (var update in updates)
            {
                // Ids that have no row here are another gateway's.
                if (update is LiveUpdate<OrderRow>.Changes { Changed.Count: 0 }) continue;
                await responseStream.WriteAsync(Message(update), ending.Token);
            }
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusal.Refused(RefusalReason.BrokerUnavailable);
        }
    }

    public override async Task<AnswerAssistanceResponse> Answer(AnswerAssistanceRequest request, ServerCallContext context)
    {
        var id = Id(request.AssistanceId);
        if (!await store.AnswerAsync(Gateway(context), id, request.Granted, options.Value.OpenWithin)) return new() { Refused = new Reason { Code = ReasonCode.AssistOver } };
        log.AssistanceAnswered(id, request.Granted);
        pump.Ring();
        return new();
    }

    public override Task<RedeemAssistanceResponse> Redeem(RedeemAssistanceRequest request, ServerCallContext context) => redeem.RunAsync(Gateway(context), request);

    public override async Task<GatewayEndedAssistanceResponse> End(GatewayEndedAssistance request, ServerCallContext context)
    {
        var why = request.End switch
        {
            AssistanceEnd.Person => "person",
            AssistanceEnd.Administrator => "administrator",
            AssistanceEnd.ViewerLeft => "viewer_left",
            AssistanceEnd.Connection => "connection",
            _ => "gateway",
        };
        await store.EndAsync(Id(request.AssistanceId), why, Gateway(context), actor: null, source: "");
        pump.Ring();
        return new();
    }

    // It goes into the console's own answer, so it must be an origin and nothing else.
    private static string Address(string text) =>
        text.Length <= LongestAddress && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps ? uri.GetLeftPart(UriPartial.Authority) : "";

    private static AssistanceUpdate Message(LiveUpdate<OrderRow> update) => update switch
    {
        LiveUpdate<OrderRow>.Snapshot all => new() { Snapshot = new() { Orders = { all.Rows.Select(o => o.ToOrder()) } } },
        LiveUpdate<OrderRow>.Changes some => new() { Changes = new() { Orders = { some.Changed.Select(o => o.ToOrder()) } } },
        _ => throw new InvalidOperationException($"{update} is not an update"),
    };

    private static AssistanceId Id(string text) => new(Ids.Parse(text, "assistance_id"));

    private static GatewayId Gateway(ServerCallContext context) => new(PeerIdentity.Of(context).SubjectId);
}

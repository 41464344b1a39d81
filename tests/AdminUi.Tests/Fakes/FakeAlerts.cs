using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Enum = System.Enum;

namespace Montalegre.Vdi.AdminUi.Tests.Fakes;

/// <summary>Alerts, rules and channels of the fake broker.</summary>
internal sealed class FakeAlerts(FakeWorld world) : Alerts.AlertsBase
{
    public override async Task Watch(WatchAlertsRequest request, IServerStreamWriter<AlertsUpdate> stream, ServerCallContext context)
    {
        world.Demand(context);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, world.Watching);
        await world.Alerts.WatchAsync(all => stream.WriteAsync(new() { Snapshot = new() { Alerts = { all } } }),
            (changed, removed) => stream.WriteAsync(new() { Changes = new() { Changed = { changed }, Removed = { removed } } }), ended.Token);
    }

    public override Task<ListAlertsResponse> List(ListAlertsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListAlertsResponse { Alerts = { world.ResolvedAlerts } });
    }

    public override Task<Alert> Acknowledge(AcknowledgeAlertRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var alert = world.Alerts.Find(request.AlertId)?.Clone() ?? throw FakeWorld.Refuse(StatusCode.NotFound, ReasonCode.NotFound, "alert_id");
        (alert.AcknowledgedBy, alert.AcknowledgedAt) = ("rita", Timestamp.FromDateTimeOffset(DateTimeOffset.UtcNow));
        world.Alerts.Put(alert);
        return Task.FromResult(alert);
    }

    public override Task<AlertSilence> Silence(SilenceAlertsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        var silence = new AlertSilence { SilenceId = Guid.NewGuid().ToString(), Rule = request.Rule, ObjectKey = request.ObjectKey, Until = request.Until, Reason = request.Reason, SilencedBy = "rita" };
        world.Silences.Add(silence);
        foreach (var alert in world.Alerts.All.Where(a => a.Rule == request.Rule && (request.ObjectKey is "" || a.ObjectKey == request.ObjectKey)).Select(a => a.Clone()).ToList())
        {
            alert.SilencedUntil = request.Until;
            world.Alerts.Put(alert);
        }
        return Task.FromResult(silence);
    }

    public override Task<EndSilenceResponse> EndSilence(EndSilenceRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.Silences.RemoveAll(s => s.SilenceId == request.SilenceId);
        return Task.FromResult(new EndSilenceResponse());
    }

    public override Task<ListSilencesResponse> ListSilences(ListSilencesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListSilencesResponse { Silences = { world.Silences } });
    }

    public override Task<ListAlertRulesResponse> ListRules(ListAlertRulesRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListAlertRulesResponse
        {
            Rules =
            {
                Enum.GetValues<AlertRule>().Where(r => r != 0).Select(rule => world.AlertRules.Find(r => r.Rule == rule && r.PoolId is "") ?? new()
                {
                    Rule = rule, Enabled = true, Unit = AlertTexts.UnitOf(rule), Threshold = AlertTexts.UnitOf(rule) is AlertUnit.Unspecified ? 0 : 90, ForSeconds = 60, Severity = AlertSeverity.Warning,
                    PerPool = rule is AlertRule.QueueLong or AlertRule.PoolShort,
                }),
                world.AlertRules.Where(r => r.PoolId is not ""),
            },
        });
    }

    public override Task<AlertRuleSetting> SetRule(AlertRuleSetting request, ServerCallContext context)
    {
        world.Demand(context);
        (request.Unit, request.Changed, request.PerPool) = (AlertTexts.UnitOf(request.Rule), true, request.Rule is AlertRule.QueueLong or AlertRule.PoolShort);
        world.AlertRules.RemoveAll(r => r.Rule == request.Rule && r.PoolId == request.PoolId);
        world.AlertRules.Add(request);
        return Task.FromResult(request);
    }

    public override Task<ResetAlertRuleResponse> ResetRule(ResetAlertRuleRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.AlertRules.RemoveAll(r => r.Rule == request.Rule && r.PoolId == request.PoolId);
        return Task.FromResult(new ResetAlertRuleResponse());
    }

    public override Task<ListAlertChannelsResponse> ListChannels(ListAlertChannelsRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new ListAlertChannelsResponse { Channels = { world.AlertChannels } });
    }

    public override Task<AlertChannel> SaveChannel(SaveAlertChannelRequest request, ServerCallContext context)
    {
        world.Demand(context);
        if (request.Channel.ChannelId is "") request.Channel.ChannelId = Guid.NewGuid().ToString();
        world.AlertChannels.RemoveAll(c => c.ChannelId == request.Channel.ChannelId);
        world.AlertChannels.Add(request.Channel);
        return Task.FromResult(request.Channel);
    }

    public override Task<RemoveAlertChannelResponse> RemoveChannel(RemoveAlertChannelRequest request, ServerCallContext context)
    {
        world.Demand(context);
        world.AlertChannels.RemoveAll(c => c.ChannelId == request.ChannelId);
        return Task.FromResult(new RemoveAlertChannelResponse());
    }

    public override Task<TestAlertChannelResponse> TestChannel(TestAlertChannelRequest request, ServerCallContext context)
    {
        world.Demand(context);
        return Task.FromResult(new TestAlertChannelResponse { Problem = world.AlertChannels.Find(c => c.ChannelId == request.ChannelId)?.Error ?? "" });
    }
}

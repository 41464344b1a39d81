using Grpc.Core;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Live;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;
using AlertRule = Montalegre.Vdi.Domain.AlertRule;
using Enum = System.Enum;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>The gRPC and REST face of alerts, silences and rules.</summary>
internal sealed partial class AlertsService(
    AlertStore alerts, AlertRuleStore rules, AlertChannelStore channels, SendAlerts send, ChangePump pump, TimeProvider time, IHostApplicationLifetime lifetime) : Contracts.Admin.V1.Alerts.AlertsBase
{
    private const int UsualPage = 100;
    private const int LargestPage = 500;
    private const int LongestReason = 500;
    private const int LongestKey = 300;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromDays(90);

    public override async Task Watch(WatchAlertsRequest request, IServerStreamWriter<AlertsUpdate> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        var updates = LiveView.WatchAsync(
            pump, ["alert"], ct => alerts.OpenAsync(context.Scope(), ct), (ids, ct) => alerts.SomeAsync(ids, context.Scope(), ct), a => a.AlertId, time, ending.Token);
        try
        {
            await foreach (var update in updates) await responseStream.WriteAsync(Message(update), ending.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            throw Refusal.Refused(RefusalReason.BrokerUnavailable);
        }
    }

    public override async Task<ListAlertsResponse> List(ListAlertsRequest request, ServerCallContext context)
    {
        var state = request.State switch { AlertState.Open => "open", AlertState.Resolved => "resolved", _ => null };
        var limit = request.Limit == 0 ? UsualPage : (int)Math.Min(request.Limit, LargestPage);
        return new() { Alerts = { (await alerts.ListAsync(state, request.Before?.ToDateTimeOffset(), limit, context.Scope(), context.CancellationToken)).Select(a => a.ToMessage()) } };
    }

    public override async Task<Alert> Acknowledge(AcknowledgeAlertRequest request, ServerCallContext context)
    {
        var row = await alerts.AcknowledgeAsync(Ids.Parse(request.AlertId, "alert_id"), context.Caller()) ?? throw Refusal.Refused(RefusalReason.NotFound, "alert_id");
        pump.Ring();
        return row.ToMessage();
    }

    public override async Task<AlertSilence> Silence(SilenceAlertsRequest request, ServerCallContext context)
    {
        var rule = Rule(request.Rule);
        var now = time.GetUtcNow();
        if (request.Until?.ToDateTimeOffset() is not { } until || until <= now || until > now + LongestSilence) throw Refusal.Refused(RefusalReason.InvalidField, "until: in the future, at most 90 days ahead");
        if (request.Reason.Length > LongestReason || request.Reason.Any(char.IsControl)) throw Refusal.Refused(RefusalReason.InvalidField, $"reason: at most {LongestReason} characters");
        if (request.ObjectKey.Length > LongestKey || request.ObjectKey.Any(char.IsControl)) throw Refusal.Refused(RefusalReason.InvalidField, "object_key");
        var row = await alerts.SilenceAsync(Guid.CreateVersion7(now), SqlText.Of(rule), request.ObjectKey is "" ? null : request.ObjectKey, until, request.Reason.Trim(), context.Caller());
        pump.Ring();
        return row.ToMessage();
    }

    public override async Task<EndSilenceResponse> EndSilence(EndSilenceRequest request, ServerCallContext context)
    {
        if (!await alerts.EndSilenceAsync(Ids.Parse(request.SilenceId, "silence_id"), context.Caller())) throw Refusal.Refused(RefusalReason.NotFound, "silence_id");
        pump.Ring();
        return new();
    }

    public override async Task<ListSilencesResponse> ListSilences(ListSilencesRequest request, ServerCallContext context) =>
        new() { Silences = { (await alerts.SilencesAsync(context.CancellationToken)).Select(s => s.ToMessage()) } };

    public override async Task<ListAlertRulesResponse> ListRules(ListAlertRulesRequest request, ServerCallContext context)
    {
        var changed = await rules.ChangedAsync(context.CancellationToken);
        var settings = new AlertSettings(changed);
        return new()
        {
            Rules =
            {
                Enum.GetValues<AlertRule>().Select(rule => AlertContract.Message(rule, null, settings.Of(rule, null), settings.Of(rule, null) != rule.Facts().Usual)),
                changed.Where(c => c.Pool is not null).Select(c => AlertContract.Message(c.Rule, c.Pool, c.Setting, true)),
            },
        };
    }

    public override async Task<AlertRuleSetting> SetRule(AlertRuleSetting request, ServerCallContext context)
    {
        var rule = Rule(request.Rule);
        var pool = Pool(rule, request.PoolId);
        if (request.Severity.ToDomain() is not { } severity) throw Refusal.Refused(RefusalReason.InvalidField, "severity: INFO, WARNING or CRITICAL");
        var setting = new AlertSetting(request.Enabled, rule.Facts().Unit is Domain.AlertUnit.None && request.Threshold == 0 ? null : request.Threshold, TimeSpan.FromSeconds(request.ForSeconds), severity) { RemindEvery = TimeSpan.FromHours(request.RemindHours) };
        if (AlertRules.Problem(rule, setting) is { } problem) throw Refusal.Refused(RefusalReason.InvalidField, problem);
        if (!await rules.SetAsync(rule, pool, setting, context.Caller())) throw Refusal.Refused(RefusalReason.NotFound, "pool_id");
        return AlertContract.Message(rule, pool, setting, true);
    }

    public override async Task<ResetAlertRuleResponse> ResetRule(ResetAlertRuleRequest request, ServerCallContext context)
    {
        var rule = Rule(request.Rule);
        await rules.ResetAsync(rule, Pool(rule, request.PoolId), context.Caller());
        return new();
    }

    private static AlertRule Rule(Contracts.Admin.V1.AlertRule said) => said.ToDomain() ?? throw Refusal.Refused(RefusalReason.InvalidField, "rule");

    private static PoolId? Pool(AlertRule rule, string said) =>
        said is "" ? null : rule.Facts().PerPool ? new PoolId(Ids.Parse(said, "pool_id")) : throw Refusal.Refused(RefusalReason.InvalidField, "pool_id: this rule is for everything");

    private static AlertsUpdate Message(LiveUpdate<AlertRow> update) => update switch
    {
        LiveUpdate<AlertRow>.Snapshot all => new AlertsUpdate { Snapshot = new AlertsSnapshot { Alerts = { all.Rows.Select(a => a.ToMessage()) } } },
        LiveUpdate<AlertRow>.Changes some => new AlertsUpdate { Changes = new AlertChanges { Changed = { some.Changed.Select(a => a.ToMessage()) }, Removed = { some.Gone.Select(id => id.ToString("D")) } } },
        _ => throw new InvalidOperationException($"{update} is not an update"),
    };
}

using System.Text.Json;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Settings;

/// <summary>The gRPC and REST face of the settings of the whole installation.</summary>
internal sealed class SettingsService(SettingStore store, LiveSettings live, SettingSources sources, ChangeSettings change, AuditStore audit) : Contracts.Admin.V1.Settings.SettingsBase
{
    private const int MostAtOnce = 100;
    private const int UsualPage = 100;
    private const int LargestPage = 500;
    private const int LongestDetail = 1000;

    public override async Task<ListSettingsResponse> List(ListSettingsRequest request, ServerCallContext context) => await ListAsync(context.CancellationToken);

    public override async Task<ListSettingsResponse> Change(ChangeSettingsRequest request, ServerCallContext context)
    {
        if (request.Changes.Count is 0 or > MostAtOnce) throw Refusal.Refused(RefusalReason.InvalidField, $"changes: 1 to {MostAtOnce}");
        if (request.Changes.DistinctBy(c => c.Key, StringComparer.OrdinalIgnoreCase).Count() < request.Changes.Count) throw Refusal.Refused(RefusalReason.InvalidField, "changes: each key once");
        var wanted = request.Changes.Select(c => new WantedSetting(c.Key, c.HasValue ? c.Value : null)).ToList();
        var outcome = await change.RunAsync(wanted, (long)Math.Min(request.ExpectedVersion, long.MaxValue), context.Caller(), context.CancellationToken);
        if (outcome.Refused is { } reason)
        {
            var detail = string.Join("; ", outcome.Problems.Select(p => $"{p.Key}: {p.Text}"));
            throw Refusal.Refused(reason, detail.Length > LongestDetail ? detail[..LongestDetail] : detail, fields: [.. outcome.Problems.Select(p => new BadRequest.Types.FieldViolation { Field = p.Key, Description = p.Text, Reason = JsonNamingPolicy.SnakeCaseUpper.ConvertName(p.Fault.ToString()) })]);
        }
        return await ListAsync(context.CancellationToken);
    }

    public override async Task<SettingHistoryResponse> History(SettingHistoryRequest request, ServerCallContext context)
    {
        var known = request.Key is "" ? null : SettingList.Find(request.Key) ?? throw Refusal.Refused(RefusalReason.NotFound, "key");
        var limit = request.Limit == 0 ? UsualPage : (int)Math.Min(request.Limit, LargestPage);
        var changes = await store.HistoryAsync(known?.Key, limit, context.CancellationToken);
        var entries = (await audit.SomeAsync([.. changes.Select(c => c.AuditId)], context.CancellationToken)).ToDictionary(e => e.AuditId);
        return new() { Entries = { changes.Where(c => entries.ContainsKey(c.AuditId)).Select(c => Message(c, entries[c.AuditId])) } };
    }

    private async Task<ListSettingsResponse> ListAsync(CancellationToken ct)
    {
        var (version, stored) = await store.ReadAsync(ct);
        var newest = (await store.NewestAsync(null, ct)).ToDictionary(c => c.Key);
        var who = (await audit.SomeAsync([.. newest.Values.Select(c => c.AuditId)], ct)).ToDictionary(e => e.AuditId, e => e.Actor);
        return new()
        {
            Version = (ulong)version,
            Settings = { SettingList.All.Select(known => Message(known, stored.GetValueOrDefault(known.Key), newest.TryGetValue(known.Key, out var last) ? who.GetValueOrDefault(last.AuditId, "") : "")) },
        };
    }

    private Setting Message(KnownSetting known, StoredSetting? stored, string changedBy)
    {
        var outside = sources.Find(known.Key);
        var leftOut = live.LeftOut.GetValueOrDefault(known.Key);
        var message = new Setting
        {
            Key = known.Key, Section = known.Section, Kind = known.Kind, Unit = known.Unit,
            Value = known.Show(known.Of(live.OptionsOf(known).Now)), DefaultValue = known.Show(known.Usual),
            AtLeastKey = known.AtLeast, AtMostKey = known.AtMost,
            Source = outside?.Source ?? (stored?.Value is not null && leftOut is null ? SettingSource.Console : SettingSource.Default), SetIn = outside?.Name ?? "",
            Locked = outside is not null || known.OnlyInFiles, StoredProblem = leftOut ?? "", ChangedBy = changedBy, ChangedAt = stored?.ChangedAt.ToTimestamp(),
        };
        if (known.Lowest is { } lowest) message.Lowest = lowest;
        if (known.Highest is { } highest) message.Highest = highest;
        if (stored?.Value is { } value) message.StoredValue = known.ShowConfigured(value);
        return message;
    }

    private static SettingHistoryEntry Message(SettingChangeRow change, AuditRow entry)
    {
        var known = SettingList.Find(change.Key);
        var message = new SettingHistoryEntry { Key = change.Key, At = entry.At.ToTimestamp(), Actor = entry.Actor, Erased = entry.Erased };
        if (change.Before is { } before) message.Before = known?.ShowConfigured(before) ?? before;
        if (change.After is { } after) message.After = known?.ShowConfigured(after) ?? after;
        return message;
    }
}

using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Pools;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>The same days twice: with the pool's settings as they are, and with others.</summary>
internal sealed record WhatIfAnswer(ReplayResult AsIs, ReplayResult Changed, int Days, TimeSpan Start, bool StartMeasured, int StartsAtOnce);

/// <summary>A pool that is not made yet, before the arrivals of others.</summary>
internal sealed record WhatIfNewAnswer(ReplayResult Outcome, int Days, TimeSpan Start, bool StartMeasured, int StartsAtOnce, int People, int Pools);

/// <summary>Says who would have waited if a pool's numbers had been others. Changes nothing.</summary>
internal sealed class WhatIf(TraceStore store, IOptions<ProvisioningOptions> provisioning)
{
    private const int MostSessions = 20_000;       // 30 days of 500 people; a replay of more takes more than a few seconds
    private const int UsualStartsAtOnce = 4;       // of a host that was not measured yet
    private static readonly TimeSpan UsualStart = TimeSpan.FromMinutes(1);
    private static readonly SemaphoreSlim One = new(1);   // a replay takes a processor; launches need the others

    /// <param name="pool">Of any kind.</param>
    /// <param name="size">Machines at most, or the computers of a manual pool; null: as it is.</param>
    /// <param name="spare">Null: as it is.</param>
    /// <param name="seats">People on each machine, where machines are shared; null: as it is.</param>
    /// <param name="days">To look back.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<WhatIfAnswer> RunAsync(PoolId pool, int? size, Spare? spare, int? seats, int days, CancellationToken ct)
    {
        if (await store.PoolAsync(pool, UsualStartsAtOnce, ct) is not { } now) throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");
        if (seats is not null && now.SessionsPerMachine is null) throw Refusal.Refused(RefusalReason.NotSupported, "seats: its machines are not shared");
        var record = await store.StaysAsync([pool.Value], days, MostSessions, ct);
        var asIs = new ReplaySettings(
            now.Size, now.SpareOf, provisioning.Value.ShrinkAfter, now.StartSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : UsualStart, Math.Max(1, now.StartsAtOnce))
        {
            Kind = SqlText.Parse<PoolKind>(now.Kind), Seats = now.SessionsPerMachine, Distribution = SqlText.Parse<SeatDistribution>(now.Distribution),
            AfterLogOff = SqlText.Parse<LogOffAction>(now.AfterLogOff), RenewAfter = TimeSpan.FromHours(now.RenewHours), Owners = await store.OwnersAsync(pool, days, ct),
        };
        var changed = asIs with { Maximum = size ?? asIs.Maximum, Spare = spare ?? asIs.Spare, Seats = seats ?? asIs.Seats };
        var until = new DateTimeOffset(now.Now, TimeSpan.Zero);
        var (before, after) = await ReplayAsync(() => (PoolReplay.Run(record, asIs, until, ct), PoolReplay.Run(record, changed, until, ct)), ct);
        return new(before, after, days, asIs.Start, now.StartSeconds is not null, asIs.StartsAtOnce);
    }

    /// <param name="draft">Of a kind whose machines are made.</param>
    /// <param name="like">Pools whose arrivals and measured starts are taken; null: all.</param>
    /// <param name="days">To look back.</param>
    /// <param name="ct">Gives up.</param>
    public async Task<WhatIfNewAnswer> RunNewAsync(NewPool draft, Guid[]? like, int days, CancellationToken ct)
    {
        var demand = await store.DemandAsync(like, [.. draft.Placement.Hosts.Select(host => host.Value)], UsualStartsAtOnce, days, ct);
        var record = await store.StaysAsync(like, days, MostSessions, ct);
        var settings = new ReplaySettings(
            draft.Size, Spare.Of(draft.Spare.Value, draft.Spare.Percent), provisioning.Value.ShrinkAfter, demand.StartSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : UsualStart, Math.Max(1, demand.StartsAtOnce))
        {
            Kind = draft.Kind, Seats = draft.Sharing.Seats, Distribution = draft.Sharing.Distribution!.Value, AfterLogOff = draft.Rules.AfterLogOff!.Value, RenewAfter = TimeSpan.FromHours(draft.Sharing.RenewHours!.Value),
        };
        var outcome = await ReplayAsync(() => PoolReplay.Run(record, settings, new(demand.Now, TimeSpan.Zero), ct), ct);
        return new(outcome, days, settings.Start, demand.StartSeconds is not null, settings.StartsAtOnce, record.Select(stay => stay.Person).Distinct(StringComparer.Ordinal).Count(), demand.Pools);
    }

    private static async Task<T> ReplayAsync<T>(Func<T> replay, CancellationToken ct)
    {
        await One.WaitAsync(ct);
        try { return await Task.Run(replay, ct); }
        finally { One.Release(); }
    }
}

using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Launch;

/// <summary>The same days twice: with the pool's settings as they are, and with others.</summary>
internal sealed record WhatIfAnswer(ReplayResult AsIs, ReplayResult Changed, int Days, TimeSpan Start, bool StartMeasured, int StartsAtOnce);

/// <summary>Says who would have waited if a pool's numbers had been others. Changes nothing.</summary>
internal sealed class WhatIf(TraceStore store, IOptions<ProvisioningOptions> provisioning)
{
    private const int MostSessions = 20_000;       // 30 days of 500 people; a replay of more takes more than a few seconds
    private const int UsualStartsAtOnce = 4;       // of a host that was not measured yet
    private static readonly TimeSpan UsualStart = TimeSpan.FromMinutes(1);
    private static readonly SemaphoreSlim One = new(1);   // a replay takes a processor; launches need the others

    public async Task<WhatIfAnswer> RunAsync(PoolId pool, int? size, Spare? spare, int days, CancellationToken ct)
    {
        if (await store.PoolAsync(pool, UsualStartsAtOnce, ct) is not { } now) throw Refusal.Refused(RefusalReason.PoolUnknown, "pool_id");
        if (now.Kind != "floating") throw Refusal.Refused(RefusalReason.NotSupported, "what-if: floating pools only");
        var record = await store.StaysAsync(pool, days, MostSessions, ct);
        var asIs = new ReplaySettings(
            now.Size, now.SpareOf, provisioning.Value.ShrinkAfter, now.StartSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : UsualStart, Math.Max(1, now.StartsAtOnce));
        var changed = asIs with { Maximum = size ?? asIs.Maximum, Spare = spare ?? asIs.Spare };
        var until = new DateTimeOffset(now.Now, TimeSpan.Zero);
        await One.WaitAsync(ct);
        try
        {
            var (before, after) = await Task.Run(() => (PoolReplay.Run(record, asIs, until, ct), PoolReplay.Run(record, changed, until, ct)), ct);
            return new(before, after, days, asIs.Start, now.StartSeconds is not null, asIs.StartsAtOnce);
        }
        finally
        {
            One.Release();
        }
    }
}

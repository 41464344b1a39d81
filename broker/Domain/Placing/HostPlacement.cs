namespace Montalegre.Vdi.Domain;

/// <summary>Whether IT lets machines on a host. Lost is not among them: whether a host answers is a fact, not a wish.</summary>
public enum HostState { InService, Draining, Maintenance }

/// <summary>Breadth: spread a pool over its hosts, so that one lost host takes few desktops along. Depth: fill one host after the other.</summary>
public enum PlacementOrder { Breadth, Depth }

/// <summary>What a pool asks of a host for one more machine.</summary>
/// <param name="Order">Which of the hosts that fit comes first.</param>
/// <param name="MostPerHost">Machines of the pool that one host may have; null for any number.</param>
/// <param name="MemoryMib">Memory of the machine.</param>
public sealed record PlacementRule(PlacementOrder Order, int? MostPerHost, int MemoryMib);

/// <summary>A host as placement sees it: what it last said, and what was promised on it since.</summary>
public sealed record HostOffer
{
    /// <summary>Which.</summary>
    public required HostId Host { get; init; }

    /// <summary>As IT calls it.</summary>
    public required string Name { get; init; }

    /// <summary>Whether machines are let on it.</summary>
    public HostState State { get; init; }

    /// <summary>False while it does not answer.</summary>
    public bool Reached { get; init; } = true;

    /// <summary>Memory of the whole host, in MiB.</summary>
    public long MemoryMib { get; init; }

    /// <summary>Memory that it could give right now, in MiB, as last read.</summary>
    public long FreeMemoryMib { get; init; }

    /// <summary>Memory of all machines of ours that are recorded on it, running or not, in MiB.</summary>
    public long CommittedMib { get; init; }

    /// <summary>The part of <see cref="CommittedMib"/> whose machines have not started yet, so that the free memory does not show it.</summary>
    public long NotStartedMib { get; init; }

    /// <summary>Share of the last minute in which something waited for a processor, 0 to 100; null where the host does not tell (Linux PSI, cpu some avg60).</summary>
    public double? CpuPressure { get; init; }

    /// <summary>Machines of this pool that are on it.</summary>
    public int OfPool { get; init; }

    /// <summary>The offer after one more machine of that size was placed here.</summary>
    public HostOffer With(int memoryMib) => this with { CommittedMib = CommittedMib + memoryMib, NotStartedMib = NotStartedMib + memoryMib, OfPool = OfPool + 1 };
}

/// <summary>What one host was found to be: taken into account with a weight, or ruled out for a reason.</summary>
/// <param name="Host">Which.</param>
/// <param name="Name">As IT calls it.</param>
/// <param name="RuledOut">Null when it fits.</param>
/// <param name="FreeAfterMib">Memory that would be left, in MiB, reserve not counted.</param>
/// <param name="OfPool">Machines of the pool that were on it.</param>
/// <param name="Busy">Its processors are waited for, so that it comes last.</param>
public sealed record HostVerdict(HostId Host, string Name, RefusalReason? RuledOut, long FreeAfterMib, int OfPool, bool Busy);

/// <summary>Where the next machine goes, and why there.</summary>
/// <param name="Host">Null when no host fits.</param>
/// <param name="Reason">Why none fits; null when one does.</param>
/// <param name="Verdicts">Every host that was looked at, the chosen one first.</param>
public sealed record HostChoice(HostId? Host, RefusalReason? Reason, IReadOnlyList<HostVerdict> Verdicts);

/// <summary>Chooses the host of a new machine by real free memory, counting what was just promised, and by processor pressure.</summary>
public static class HostPlacement
{
    /// <summary>A host whose processors are waited for more than that share of the time comes last.</summary>
    public const double BusyCpuPressure = 80;

    /// <summary>Memory that a host keeps for itself: a twentieth, at least 512 MiB.</summary>
    public static long ReserveMib(long memoryMib) => Math.Max(512, memoryMib / 20);

    /// <summary>The choice among a pool's hosts; the same offers and rule always give the same choice.</summary>
    public static HostChoice Choose(PlacementRule rule, IReadOnlyList<HostOffer> offers)
    {
        var verdicts = offers.Select(o => new HostVerdict(o.Host, o.Name, RuledOut(rule, o), FreeAfter(rule, o), o.OfPool, o.CpuPressure > BusyCpuPressure)).ToList();
        var fitting = verdicts.Where(v => v.RuledOut is null).OrderBy(v => v.Busy);
        var best = (rule.Order == PlacementOrder.Breadth
                ? fitting.ThenBy(v => v.OfPool).ThenByDescending(v => v.FreeAfterMib)
                : fitting.ThenBy(v => v.FreeAfterMib))
            .ThenBy(v => v.Name, StringComparer.Ordinal).FirstOrDefault();
        return new(best?.Host, best is null ? WhyNone(verdicts) : null, [.. verdicts.OrderBy(v => v != best).ThenBy(v => v.RuledOut is not null).ThenBy(v => v.Name, StringComparer.Ordinal)]);
    }

    // Both must hold: a guest touches its memory long after it started, so what the host has free today is not all of it.
    private static long FreeAfter(PlacementRule rule, HostOffer offer) => Math.Min(
        offer.FreeMemoryMib - offer.NotStartedMib, offer.MemoryMib - ReserveMib(offer.MemoryMib) - offer.CommittedMib) - rule.MemoryMib;

    private static RefusalReason? RuledOut(PlacementRule rule, HostOffer offer) => offer switch
    {
        { State: not HostState.InService } => RefusalReason.HostInMaintenance,
        { Reached: false } => RefusalReason.HostUnavailable,
        _ when offer.OfPool >= rule.MostPerHost => RefusalReason.HostLimit,
        _ when FreeAfter(rule, offer) < 0 => RefusalReason.NoHostCapacity,
        _ => null,
    };

    // The reason that IT can do something about comes first: more memory, a higher limit, the way back into service.
    private static RefusalReason WhyNone(List<HostVerdict> verdicts)
    {
        foreach (var reason in new[] { RefusalReason.NoHostCapacity, RefusalReason.HostLimit, RefusalReason.HostUnavailable })
            if (verdicts.Any(v => v.RuledOut == reason)) return reason;
        return verdicts.Count == 0 ? RefusalReason.HostUnavailable : RefusalReason.HostInMaintenance;
    }
}

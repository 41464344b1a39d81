namespace Montalegre.Vdi.Domain;

/// <summary>Decides a launch over one snapshot. The order of the rules is the product's promise.</summary>
public static class LaunchPolicy
{
    /// <summary>The placement that follows from what the statement saw and did.</summary>
    public static Placement Decide(LaunchFacts facts) => facts switch
    {
        { PoolExists: false } => new Placement.Refuse(RefusalReason.PoolUnknown),
        { Entitled: false } => new Placement.Refuse(RefusalReason.NotEntitled),
        { RequestAlreadyEnded: true } => new Placement.Refuse(RefusalReason.SessionEnded),
        { ApplicationUnknown: true } => new Placement.Refuse(RefusalReason.ApplicationUnknown),
        // Never silently something else: the person decides what becomes of the open work.
        { OwnSession: not null, OtherProgramOpen: true } => new Placement.Refuse(RefusalReason.OtherProgramOpen),
        { OwnSession: not null, SessionLocked: true } => new Placement.Refuse(RefusalReason.SessionLocked),
        { OwnSession: { } own, Machine: { } machine, OwnMachineState: MachineState.Reserved or MachineState.InUse } =>
            new Placement.Reconnect(own, machine),
        // A session whose computer sleeps is waited for, whatever its pool says: it is woken, and the person is back in it.
        { OwnSession: not null, OwnComputerSleeps: true, LeftQueue: true } => new Placement.Refuse(RefusalReason.LeftQueue),
        { OwnSession: not null, OwnComputerDidNotWake: true } => new Placement.Refuse(RefusalReason.ComputerDidNotWake),
        { OwnSession: not null, OwnComputerSleeps: true } => new Placement.Wait(),
        // The session is kept, its machine is silent: another machine would strand the person's open work.
        { OwnSession: not null } => new Placement.Refuse(RefusalReason.MachineUnreachable),
        { PoolEnabled: false } => new Placement.Refuse(RefusalReason.PoolDisabled),
        { PoolClosed: true, OpenedSession: null } => new Placement.Refuse(RefusalReason.PoolClosed),
        { LeftQueue: true } => new Placement.Refuse(RefusalReason.LeftQueue),
        { UserQuotaReached: true, OpenedSession: null } => new Placement.Refuse(RefusalReason.QuotaReached),
        { GroupQuotaReached: true, OpenedSession: null } => new Placement.Refuse(RefusalReason.GroupQuotaReached),
        { OpenedSession: { } opened, Machine: { } machine } => new Placement.Start(opened, machine),
        { OwnComputerDidNotWake: true } => new Placement.Refuse(RefusalReason.ComputerDidNotWake),
        _ => new Placement.Wait(),
    };

    /// <summary>The rule that a placement followed from.</summary>
    public static LaunchRule RuleOf(Placement placement, LaunchFacts facts) => placement switch
    {
        Placement.Reconnect => LaunchRule.OwnSession,
        Placement.Start when facts.OwnMachine => LaunchRule.OwnMachine,
        Placement.Start => facts.SharedBy switch { SeatDistribution.Breadth => LaunchRule.EmptiestMachine, SeatDistribution.Depth => LaunchRule.FullestMachine, _ => LaunchRule.FreeMachine },
        Placement.Wait => LaunchRule.Queue,
        _ => LaunchRule.Refusal,
    };

    /// <summary>What to tell somebody who waits.</summary>
    public static WaitNotice Explain(WaitFacts facts)
    {
        var reason = facts switch
        {
            { OwnWake: not null } => RefusalReason.WaitingForWake,
            { QuotaReached: true } => RefusalReason.PoolQuotaReached,
            { Trouble: { } trouble } => trouble,
            { BeingRefreshed: > 0 } => RefusalReason.WaitingForRefresh,
            { HeldFor: not null } => RefusalReason.CreationThrottled,
            { BeingProvisioned: > 0 } => RefusalReason.WaitingForMachine,
            { BeingWoken: > 0 } => RefusalReason.WaitingForWake,
            { SomeDidNotWake: true, Occupied: 0 } => RefusalReason.ComputerDidNotWake,
            _ when facts.Machines < facts.Size => RefusalReason.WaitingForMachine,
            _ => RefusalReason.PoolFull,
        };
        return new(reason, facts.Place, Estimate(facts));
    }

    // The n-th person gets the n-th seat that becomes ready. Beyond those under way come the ones that the pool may still
    // make, as many at once as its hosts start; where it may make no more, nobody can say when somebody leaves.
    private static TimeSpan? Estimate(WaitFacts facts)
    {
        if (facts is { OwnWake: { } age, TypicalStart: { } wake }) return wake - age is var rest && rest < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : rest;
        if (facts.TypicalStart is not { } typical || facts.Trouble is not null || facts.QuotaReached) return null;
        var machine = (facts.Place + facts.Seats - 1) / facts.Seats;   // which of those to come has the person's seat
        if (machine <= facts.StartAges.Count)
        {
            var left = typical - facts.StartAges[machine - 1];
            return left < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : left;
        }
        if (machine - facts.StartAges.Count > facts.Size - facts.Machines) return null;
        var turns = (machine + facts.StartsAtOnce - 1) / Math.Max(1, facts.StartsAtOnce);
        return (facts.HeldFor ?? TimeSpan.Zero) + (typical * turns);
    }
}

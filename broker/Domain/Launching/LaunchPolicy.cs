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
        { OwnSession: { } own, Machine: { } machine, OwnMachineState: MachineState.Reserved or MachineState.InUse } =>
            new Placement.Reconnect(own, machine),
        // The session is kept, its machine is silent: another machine would strand the person's open work.
        { OwnSession: not null } => new Placement.Refuse(RefusalReason.MachineUnreachable),
        { PoolEnabled: false } => new Placement.Refuse(RefusalReason.PoolDisabled),
        { OpenedSession: { } opened, Machine: { } machine } => new Placement.Start(opened, machine),
        _ => new Placement.Wait(),
    };

    /// <summary>What to tell somebody who waits.</summary>
    public static WaitNotice Explain(WaitFacts facts)
    {
        var starting = facts.BeingProvisioned + facts.BeingRefreshed;
        var reason = facts switch
        {
            { Trouble: { } trouble } => trouble,
            { BeingRefreshed: > 0 } => RefusalReason.WaitingForRefresh,
            { BeingProvisioned: > 0 } => RefusalReason.WaitingForMachine,
            _ when facts.Machines < facts.Size => RefusalReason.WaitingForMachine,
            _ => RefusalReason.PoolFull,
        };
        return new(reason, facts.Place, Estimate(facts, starting));
    }

    // The n-th person gets the n-th machine that becomes ready; with fewer under way than people ahead nobody can say when.
    private static TimeSpan? Estimate(WaitFacts facts, int starting)
    {
        if (facts.TypicalStart is not { } typical || starting < facts.Place || facts.Trouble is not null) return null;
        var left = typical - facts.OldestStartAge;
        if (left < TimeSpan.FromSeconds(1)) left = TimeSpan.FromSeconds(1);
        return facts.Place == 1 ? left : typical;
    }
}

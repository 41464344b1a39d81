using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Rollouts;

/// <summary>
/// Takes the steps of open roll-outs that are due. Everything is decided from the tables, and each act is one guarded
/// statement, so a broker that is killed in between leaves nothing that the next pass does not find.
/// </summary>
internal sealed class AdvanceRollout(
    RolloutStore store, EndSession endSession, MessageSession message, IOptions<RolloutOptions> options, TimeProvider time, ILogger<AdvanceRollout> log)
{
    private static readonly Asker Broker = new("broker", "");

    /// <summary>One pass; true when something changed, so that another one is worth while at once.</summary>
    public async Task<bool> RunAsync(CancellationToken ct)
    {
        await SettleProbesAsync();
        var moved = false;
        foreach (var open in await store.OpenAsync(ct)) moved |= await StepAsync(open, ct);
        return moved;
    }

    private async Task SettleProbesAsync()
    {
        foreach (var over in await store.SettleProbesAsync(options.Value.ProbeWithin, options.Value.AgentTellsWithin))
        {
            log.ProbeOver(new(over.ProbeId), over.State);
            await endSession.RunAsync(new(new(over.SessionId), SessionEnd.ProbeOver, Broker.Name));
        }
    }

    private async Task<bool> StepAsync(OpenRollout open, CancellationToken ct)
    {
        var (rollout, state, step) = (open.Rollout, open.Facts.State, RolloutPlan.Decide(open.Facts));
        foreach (var machine in step.NewCanaries)
            if (await store.AddCanaryAsync(rollout, machine, NewOperation())) log.CanaryChosen(rollout, machine);
        foreach (var machine in step.Empty) await store.EmptyAsync(rollout, state, machine);
        foreach (var machine in step.Refresh) await store.RefreshAsync(rollout, state, machine, NewOperation());
        foreach (var machine in step.Ask) await store.AskProbeAsync(rollout, machine, new(Guid.CreateVersion7(time.GetUtcNow())));
        if (step.Warn && await store.SetWarnedAsync(rollout) is { } ends) await WarnAsync(open, ends, ct);
        foreach (var session in open.SessionsOnOld.Where(s => step.Force.Contains(s.Machine)))
            if (await endSession.RunAsync(new(session.Session, SessionEnd.MachineRefreshed, Broker.Name))) log.SessionForced(rollout, session.Session);
        if (step.Next is { } next && await store.BecomeAsync(rollout, state, next, step.Halt))
        {
            if (step.Halt is { } halt) log.RolloutHalted(rollout, open.PoolName, halt.Reason, halt.Detail);
            else log.RolloutIs(rollout, open.PoolName, next);
            return true;
        }
        if (step.Waiting != open.Waiting) await store.SetWaitingAsync(rollout, step.Waiting);
        return step.NewCanaries.Count + step.Refresh.Count + step.Ask.Count + step.Empty.Count > 0;
    }

    // Whom the agent cannot reach is logged; the deadline stands for them all the same, as it does for whoever is away.
    private async Task WarnAsync(OpenRollout open, DateTime ends, CancellationToken ct)
    {
        var at = TimeZoneInfo.ConvertTime(new DateTimeOffset(ends, TimeSpan.Zero), time.LocalTimeZone);
        foreach (var session in open.SessionsOnOld)
            if (await message.RunAsync(session.Session, RolloutTexts.WarningTitle, RolloutTexts.Warning(at), Broker, ct) is { } reason)
                log.NotWarned(open.Rollout, session.Session, reason);
    }

    private OperationId NewOperation() => new(Guid.CreateVersion7(time.GetUtcNow()));
}

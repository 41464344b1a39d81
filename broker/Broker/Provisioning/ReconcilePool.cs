using Microsoft.Extensions.Options;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Compares one pool with its machines and records what should change; the journal does the rest.</summary>
internal sealed class ReconcilePool(PoolStore pools, IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<ReconcilePool> log)
{
    public async Task RunAsync(WantedPool wanted, CancellationToken ct)
    {
        var pool = new PoolId(wanted.PoolId);
        var target = new PoolTarget(wanted.Size, wanted.SpareOf, wanted.Waiting, options.Value.ShrinkAfter);
        var members = await pools.MembersAsync(pool, ct);
        var change = wanted.Seats is { } seats ? SharedPoolPlan.Compare(target, seats, members) : PoolPlan.Compare(target, members);
        // A missing image stops new machines, never the letting go, and never the ready ones.
        if (wanted.ImageReady && change.Create.Count > 0) await CreateAsync(wanted, pool, change.Create, ct);
        else if (wanted.PlacementReason is not null && change.Create.Count == 0) await pools.SetPlacementTroubleAsync(pool, null, null);
        foreach (var machine in change.Remove)
            if (await pools.ReleaseMachineAsync(machine, NewOperation())) log.MachineUnwanted(machine);
        if (wanted.ImageReady)
            foreach (var machine in change.Refresh) await pools.RefreshFreeMachineAsync(machine, NewOperation());
    }

    // Each machine is placed on the offers as the one before left them: hosts do not show yet what was just promised.
    private async Task CreateAsync(WantedPool wanted, PoolId pool, IReadOnlyList<int> ordinals, CancellationToken ct)
    {
        if (MachineNamePattern.Parse(wanted.MachineNamePattern) is not { } pattern) return;
        var (rule, offers) = (wanted.Rule, (await pools.OffersAsync(pool, ct)).ToList());
        foreach (var ordinal in ordinals)
        {
            var choice = HostPlacement.Choose(rule, offers);
            if (choice.Host is not { } host)
            {
                await pools.SetPlacementTroubleAsync(pool, choice.Reason, PlacementTrace.Line(choice));
                if (wanted.PlacementReason != choice.Reason.ToString()) log.NoHostFits(pool, choice.Reason!.Value, PlacementTrace.Line(choice));
                return;
            }
            var machine = new MachineId(Guid.CreateVersion7(time.GetUtcNow()));
            var name = pattern.Name(ordinal);
            if (!await pools.AddMachineAsync(pool, machine, ordinal, name, host, PlacementTrace.Json(rule, choice), NewOperation(), options.Value.FirstForwardedPort)) continue;
            log.MachineWanted(pool, machine, name);
            var at = offers.FindIndex(o => o.Host == host);
            offers[at] = offers[at].With(rule.MemoryMib);
        }
        if (wanted.PlacementReason is not null) await pools.SetPlacementTroubleAsync(pool, null, null);
    }

    private OperationId NewOperation() => new(Guid.CreateVersion7(time.GetUtcNow()));
}

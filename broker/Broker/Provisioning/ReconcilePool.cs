using Microsoft.Extensions.Options;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Compares one pool with its machines and records what should change; the journal does the rest.</summary>
internal sealed class ReconcilePool(PoolStore pools, IOptions<ProvisioningOptions> options, TimeProvider time, ILogger<ReconcilePool> log)
{
    public async Task RunAsync(WantedPool wanted, CancellationToken ct)
    {
        var pool = new PoolId(wanted.PoolId);
        var change = PoolPlan.Compare(new(wanted.Size, wanted.SpareOf, wanted.Waiting, options.Value.ShrinkAfter), await pools.MembersAsync(pool, ct));
        if (change.Nothing) return;
        // A missing image stops new machines, never the letting go, and never the ready ones.
        if (wanted.ImageReady && MachineNamePattern.Parse(wanted.MachineNamePattern) is { } pattern)
            foreach (var ordinal in change.Create)
            {
                var machine = new MachineId(Guid.CreateVersion7(time.GetUtcNow()));
                var name = pattern.Name(ordinal);
                if (await pools.AddMachineAsync(pool, machine, ordinal, name, NewOperation(), options.Value.FirstForwardedPort)) log.MachineWanted(pool, machine, name);
            }
        foreach (var machine in change.Remove)
            if (await pools.ReleaseMachineAsync(machine, NewOperation())) log.MachineUnwanted(machine);
        if (wanted.ImageReady)
            foreach (var machine in change.Refresh) await pools.RefreshFreeMachineAsync(machine, NewOperation());
    }

    private OperationId NewOperation() => new(Guid.CreateVersion7(time.GetUtcNow()));
}

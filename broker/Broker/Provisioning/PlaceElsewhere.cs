using Microsoft.Extensions.Options;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>Chooses a new host for a machine whose old one is lost, and records it there. Nothing is done on a host.</summary>
internal sealed class PlaceElsewhere(RecoveryStore recovery, PoolStore pools, IOptions<ProvisioningOptions> options)
{
    /// <exception cref="StepFailedException">No host takes it now.</exception>
    public async Task RunAsync(DueOperation operation, CancellationToken ct)
    {
        var keepsDisk = operation.KindOf is not (OperationKind.Provision or OperationKind.Refresh);
        var (pool, rule, allowed) = await recovery.WhereToAsync(new(operation.MachineId), keepsDisk, ct);
        var choice = HostPlacement.Choose(rule, [.. (await pools.OffersAsync(pool, ct)).Where(offer => allowed.Contains(offer.Host))]);
        if (choice.Host is { } host) await recovery.PlaceAsync(operation, host, PlacementTrace.Json(rule, choice), OperationPlan.Next(operation.KindOf, OperationStep.Place)!.Value, options.Value.FirstForwardedPort);
        else if (choice.Verdicts.Count == 0 && keepsDisk) throw new StepFailedException(RefusalReason.NoHostSharesDisk, "No other host of the pool sees the storage that the machine's disk is in.");
        else throw new StepFailedException(choice.Reason!.Value, $"No host takes the machine: {PlacementTrace.Line(choice)}");
    }
}

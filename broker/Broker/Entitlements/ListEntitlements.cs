using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Entitlements;

/// <summary>Who has the right to a pool, by name; null when there is no such pool.</summary>
internal sealed class ListEntitlements(EntitlementStore entitlements)
{
    public Task<IReadOnlyList<Person>?> RunAsync(PoolId pool, CancellationToken ct) => entitlements.ListAsync(pool, ct);
}

using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Entitlements;

/// <summary>Gives a user the right to a pool.</summary>
internal sealed class GrantEntitlement(EntitlementStore entitlements)
{
    public async Task<EntitlementOutcome> RunAsync(PoolId pool, string userName, Caller by)
    {
        var found = await entitlements.GrantAsync(pool, UserNames.Normalise(userName), by);
        if (!found.PoolExists) return new EntitlementOutcome.Refused(RefusalReason.PoolUnknown, "pool_id");
        return found.Person is { } user ? new EntitlementOutcome.Done(user) : new EntitlementOutcome.Refused(RefusalReason.NotFound, "user_name");
    }
}

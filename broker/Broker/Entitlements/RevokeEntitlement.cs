using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Entitlements;

/// <summary>Takes the right to a pool away. An open session stays; the next launch is refused.</summary>
internal sealed class RevokeEntitlement(EntitlementStore entitlements)
{
    public async Task<EntitlementOutcome> RunAsync(PoolId pool, string userName, Caller by)
    {
        var found = await entitlements.RevokeAsync(pool, UserNames.Normalise(userName), by);
        if (!found.PoolExists) return new EntitlementOutcome.Refused(RefusalReason.PoolUnknown, "pool_id");
        return found.Person is { } user ? new EntitlementOutcome.Done(user) : new EntitlementOutcome.Refused(RefusalReason.NotFound, "user_name");
    }
}

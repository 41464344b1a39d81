using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Entitlements;

/// <summary>Gives a group the right to a pool, or takes it away. What becomes of sessions that are open is the pool's rule.</summary>
internal sealed class EntitleGroup(EntitlementStore entitlements)
{
    /// <summary>Null when done, and when it was so already.</summary>
    public async Task<EntitlementOutcome.Refused?> RunAsync(PoolId pool, Guid group, bool entitled, Caller by) => await entitlements.SetGroupAsync(pool, group, entitled, by) switch
    {
        (false, _) => new(RefusalReason.PoolUnknown, "pool_id"),
        (_, false) => new(RefusalReason.NotFound, "group_id"),
        _ => null,
    };
}

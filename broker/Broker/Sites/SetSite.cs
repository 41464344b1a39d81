using Montalegre.Vdi.Broker.Administration;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sites;

/// <summary>
/// Puts hosts and pools at sites. Whoever does that changes over what others hold roles: he must hold the permission on everything, and
/// the roles that somebody holds at either site, too.
/// </summary>
internal sealed class SetSite(SiteStore sites, GrantRole roles)
{
    /// <summary>Refuses who may not; a new thing comes from nowhere.</summary>
    public async Task CheckAsync(Guid? from, Guid? to, Permission permission, Caller by, CancellationToken ct)
    {
        if (!by.Rights.Everywhere(permission)) throw Refusal.Refused(RefusalReason.PermissionMissing, $"{permission.Name()} (*)");
        if (await roles.ProblemOfPlaceAsync([.. new[] { from, to }.OfType<Guid>()], by, ct) is { } no) throw Refusal.Refused(no.Reason, no.Detail);
    }

    /// <summary>Says at which site a host is.</summary>
    public async Task MoveHostAsync(HostId host, Guid? to, Caller by, CancellationToken ct)
    {
        var from = await sites.OfAsync(host, null, ct) is { There: true } found ? found.Site : throw Refusal.Refused(RefusalReason.NotFound, "host");
        await CheckAsync(from, to, Permission.HostsManage, by, ct);
        if (from != to && await sites.SetHostAsync(host, from, to, by) is { } no) throw Refusal.Refused(no.Reason, no.Detail);
    }

    /// <summary>Whether a pool may go to another site; where it is now, which the statement that moves it compares once more.</summary>
    public async Task<Guid?> CheckPoolAsync(PoolId pool, Guid? to, Caller by, CancellationToken ct)
    {
        var from = await sites.OfAsync(null, pool, ct) is { There: true } found ? found.Site : throw Refusal.Refused(RefusalReason.NotFound, "pool");
        if (from != to) await CheckAsync(from, to, Permission.PoolsManage, by, ct);
        return from;
    }
}

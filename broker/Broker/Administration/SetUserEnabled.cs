using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Lets a user in or keeps him out; disabling ends all his sign-ins. The last administrator stays enabled.</summary>
internal sealed class SetUserEnabled(UserStore users)
{
    public async Task<UserOutcome> RunAsync(string userName, bool enabled, Caller by, CancellationToken ct)
    {
        var name = UserNames.Normalise(userName);
        if (await users.SetEnabledAsync(name, enabled, by) is { } changed) return new UserOutcome.Done(changed);
        return await users.FindAsync(name, ct) switch
        {
            null => new UserOutcome.Refused(RefusalReason.NotFound, "user_name"),
            { Administrator: true } when !by.Rights.Everywhere(Permission.RolesManage) => UserOutcome.NeedsRoles,
            _ => new UserOutcome.Refused(RefusalReason.LastAdministrator, name),
        };
    }
}

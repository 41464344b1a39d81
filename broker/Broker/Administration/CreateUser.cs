using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Makes a local user.</summary>
internal sealed class CreateUser(UserStore users, Passwords passwords, TimeProvider time)
{
    public async Task<UserOutcome> RunAsync(string userName, string displayName, string password, bool administrator, Caller by)
    {
        var name = UserNames.Normalise(userName);
        var shown = displayName.Trim();
        if (NewUser.Problem(name, shown, password) is { } problem) return problem;
        if (administrator && !by.Rights.Everywhere(Permission.RolesManage)) return UserOutcome.NeedsRoles;
        if (await passwords.HashAsync(password) is not { } hash) return new UserOutcome.Refused(RefusalReason.SignInBusy);

        var id = new UserId(Guid.CreateVersion7(time.GetUtcNow()));
        var created = await users.CreateAsync(new Person(id, name, shown.Length > 0 ? shown : name, Enabled: true, administrator), hash, by);
        return created is null ? new UserOutcome.Refused(RefusalReason.NameTaken, name) : new UserOutcome.Done(created);
    }
}

using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Gives a user another password and ends the user's sign-ins.</summary>
internal sealed class SetPassword(UserStore users, Passwords passwords)
{
    public async Task<UserOutcome> RunAsync(string userName, string password, Caller by)
    {
        var name = UserNames.Normalise(userName);
        if (PasswordPolicy.Broken(password, name) is { } rule) return new UserOutcome.Refused(RefusalReason.PasswordTooWeak, rule);
        if (await passwords.HashAsync(password) is not { } hash) return new UserOutcome.Refused(RefusalReason.SignInBusy);
        if (await users.SetPasswordAsync(name, hash, by) is { } user) return new UserOutcome.Done(user);
        if (await users.IsInDirectoryAsync(name)) return new UserOutcome.Refused(RefusalReason.InDirectory, name);
        return await users.FindAsync(name, CancellationToken.None) is { Administrator: true } ? UserOutcome.NeedsRoles : new UserOutcome.Refused(RefusalReason.NotFound, "user_name");
    }
}

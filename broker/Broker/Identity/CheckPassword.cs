using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>Whether a name and a password belong together: the one place that knows who can tell.</summary>
internal sealed class CheckPassword(SignInStore store, Passwords passwords, ILogger<CheckPassword> log, IDirectories? directories = null)
{
    /// <param name="name">As <see cref="UserNames.Normalise"/> makes it.</param>
    /// <param name="password">As typed.</param>
    /// <param name="newPassword">For a directory that wants the old one changed; empty: none.</param>
    /// <param name="ct">Stops waiting.</param>
    public async Task<PasswordVerdict> RunAsync(string name, string password, string newPassword, CancellationToken ct)
    {
        var found = await store.FindAsync(name, ct);
        // A local user is always asked for here, so that an administrator of our own gets in whatever becomes of the directories.
        if (found?.PasswordHash is null && directories is not null && await directories.CheckAsync(name, password, newPassword, ct) is { } verdict) return verdict;
        var check = await passwords.CheckAsync(found?.PasswordHash, password);
        if (check is PasswordCheck.Busy)
        {
            log.SignInQueueFull();
            return new PasswordVerdict.Refused(RefusalReason.SignInBusy);
        }
        if (found is null || check is PasswordCheck.Wrong || !found.Enabled) return new PasswordVerdict.Wrong(found);
        return new PasswordVerdict.Right(found, check is PasswordCheck.RightButOldHash ? await passwords.HashAsync(password) : null);
    }
}

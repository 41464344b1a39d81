using System.Security.Cryptography;
using System.Text;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Directories;

/// <summary>
/// Checks a name and a password against the directories: finds the entry, counts the try, binds as the person, and reads what
/// the answer means. An unknown name goes the same way as far as it can and answers at the same moment.
/// </summary>
internal sealed class CheckInDirectories(DirectoryStore store, DirectoryPeopleStore people, DirectoryClient client, ChangeDirectoryPassword change, TimeProvider time, ILogger<CheckInDirectories> log) : IDirectories
{
    // Longer than a directory on the same network takes for all questions of a sign-in.
    private static readonly TimeSpan FailuresAnswerAfter = TimeSpan.FromSeconds(1);

    public async Task<PasswordVerdict?> CheckAsync(string typed, string password, string newPassword, CancellationToken ct)
    {
        var name = TypedName.Of(typed);
        var asked = (await store.AllAsync(ct)).Where(d => d.Enabled && (name.Domain is null || d.Domains.Contains(name.Domain))).ToList();
        if (asked.Count == 0) return null;
        var begun = time.GetTimestamp();
        var verdict = await CheckAsync(asked, name, password, newPassword, ct);
        if (verdict is not PasswordVerdict.Right && FailuresAnswerAfter - time.GetElapsedTime(begun) is { Ticks: > 0 } left) await Task.Delay(left, time, ct);
        return verdict;
    }

    private async Task<PasswordVerdict> CheckAsync(List<DirectorySettings> asked, TypedName name, string password, string newPassword, CancellationToken ct)
    {
        DirectorySettings? away = null;
        foreach (var directory in asked)
        {
            try
            {
                using var connection = await client.OpenAsync(directory, ct);
                var reader = new DirectoryReader(directory, connection, client.Patience);
                if (name.Name.Length > 0 && await reader.FindAsync(name.Name, name.Domain, ct) is { } person)
                    return await CheckAsync(directory, connection, reader, person, password, newPassword, ct);
            }
            catch (DirectoryFailure e)
            {
                log.DirectoryUnreachable(directory.Name, e.Server, e.Step, e.Problem);
                away ??= directory;
            }
            catch (DirectoryBusy)
            {
                log.DirectoryThreadsBusy();
                return new PasswordVerdict.Refused(RefusalReason.SignInBusy);
            }
        }
        // Whoever is not found elsewhere may be in the directory that did not answer.
        if (away is not null) return new PasswordVerdict.Refused(RefusalReason.DirectoryUnreachable, away.Name);
        var unknown = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(name.Name)));
        return await store.TakeTryAsync(asked[0], unknown) ? new PasswordVerdict.Wrong(null) : TooMany(asked[0], null);
    }

    private async Task<PasswordVerdict> CheckAsync(
        DirectorySettings directory, DirectoryConnection connection, DirectoryReader reader, DirectoryPerson person, string password, string newPassword, CancellationToken ct)
    {
        var known = await people.FindAsync(directory.Id, person.Id, ct);
        if (!await store.TakeTryAsync(directory, person.Id)) return TooMany(directory, known);
        var verdict = await BindAsync(directory, reader, person, password, ct);
        if (verdict is BindVerdict.Wrong) return new PasswordVerdict.Wrong(known);
        if (verdict is BindVerdict.Locked) return new PasswordVerdict.Refused(RefusalReason.AccountLocked, directory.Name, known);
        await store.ForgetTriesAsync(directory, person.Id);
        if (verdict is BindVerdict.Disabled) return new PasswordVerdict.Refused(RefusalReason.AccountDisabled, directory.Name, known);
        if (verdict is BindVerdict.MustChange or BindVerdict.Expired)
        {
            if (newPassword.Length == 0) return new PasswordVerdict.Refused(RefusalReason.PasswordExpired, directory.Name, known);
            if (await change.RunAsync(directory, connection, person, verdict, password, newPassword, ct) is { } why) return new PasswordVerdict.Refused(RefusalReason.NewPasswordRefused, why, known);
            verdict = await BindAsync(directory, reader, person, newPassword, ct);
            if (verdict is not BindVerdict.Right) return new PasswordVerdict.Refused(RefusalReason.NewPasswordRefused, verdict.ToString(), known);
        }
        return await AdmitAsync(directory, person, await reader.GroupsOfAsync(person, ct));
    }

    private async Task<BindVerdict> BindAsync(DirectorySettings directory, DirectoryReader reader, DirectoryPerson person, string password, CancellationToken ct)
    {
        var before = await reader.FindByIdAsync(person.Id, ct) ?? person;
        using var own = await client.ConnectAsync(directory, ct);
        var answer = await own.BindAsync(person.Dn, password, client.Patience, ct);
        var after = await reader.FindByIdAsync(person.Id, ct) ?? person;
        var kept = !answer.Accepted && directory.Kind is not DirectoryKind.ActiveDirectory && after.State.HasPolicy && await reader.FailuresAreKeptAsync(after.State, ct);
        return BindVerdicts.Of(answer, before.State, after.State, directory.Kind, kept);
    }

    private async Task<PasswordVerdict> AdmitAsync(DirectorySettings directory, DirectoryPerson person, List<DirectoryGroup> groups)
    {
        // Two directories may know the same name; the second gets an account that also says where he is from.
        string[] names = [person.Name, .. directory.Domains.Select(domain => $"{person.Name}.{domain.Split('.')[0]}")];
        var user = await people.AdmitAsync(directory.Id, person, [.. names.Where(UserNames.IsValid)], groups);
        if (user is { Enabled: true }) return new PasswordVerdict.Right(user);
        if (user is not null) return new PasswordVerdict.Refused(RefusalReason.AccountDisabled, "", user);
        log.NameNotUsable(person.Name, directory.Name);
        return new PasswordVerdict.Refused(RefusalReason.NameTaken, person.Name);
    }

    private static PasswordVerdict.Refused TooMany(DirectorySettings directory, KnownUser? known) =>
        new(RefusalReason.TooManyTries, $"{directory.BadTriesMinutes} min", known);
}

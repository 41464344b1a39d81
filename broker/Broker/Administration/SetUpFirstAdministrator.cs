using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>First run: the one-time token makes the first administrator and signs him in.</summary>
internal sealed class SetUpFirstAdministrator(
    SetUpStore store, SetUpToken file, Passwords passwords, SignInStore signIns, IOptions<IdentityOptions> options, TimeProvider time, ILogger<SetUpFirstAdministrator> log)
{
    public async Task<SignInOutcome> RunAsync(string token, string userName, string displayName, string password, string sourceAddress, CancellationToken ct)
    {
        if (!OpaqueToken.TryHash(token.Trim(), out var sha256) || !await store.IsTokenGoodAsync(sha256, ct))
        {
            log.SetUpRefused(sourceAddress);
            return new SignInOutcome.Refused(RefusalReason.SetUpLinkInvalid);
        }
        var name = UserNames.Normalise(userName);
        var shown = displayName.Trim();
        if (NewUser.Problem(name, shown, password) is { } problem) return new SignInOutcome.Refused(problem.Reason, problem.Detail);
        if (await passwords.HashAsync(password) is not { } hash) return new SignInOutcome.Refused(RefusalReason.SignInBusy);

        var person = new Person(new UserId(Guid.CreateVersion7(time.GetUtcNow())), name, shown.Length > 0 ? shown : name, Enabled: true, Administrator: true);
        return await UseAsync(sha256, person, hash, sourceAddress) is { } created
            ? await SignInAsync(created, sourceAddress)
            : new SignInOutcome.Refused(await store.HasAdministratorAsync(ct) ? RefusalReason.SetUpLinkInvalid : RefusalReason.NameTaken, name);
    }

    // A taken name undoes the whole statement: the token stays good for another name.
    private async Task<KnownUser?> UseAsync(byte[] sha256, Person person, string hash, string sourceAddress)
    {
        try { return await store.UseAsync(sha256, person, hash, sourceAddress); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return null; }
    }

    private async Task<SignInOutcome> SignInAsync(KnownUser created, string sourceAddress)
    {
        file.Remove();
        log.SetUpDone(created.UserName);
        var token = OpaqueToken.Make();
        var expires = await signIns.StartAsync(created, token.Sha256, Audience.Administrator, options.Value.AdministratorLifetime, sourceAddress, newHash: null);
        return expires is { } until ? new SignInOutcome.SignedIn(token.Text, created.Person, until) : new SignInOutcome.Refused(RefusalReason.SignInFailed);
    }
}

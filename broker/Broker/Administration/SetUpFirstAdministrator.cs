using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>First run: the one-time token makes the first administrator, who goes on to enrol a second factor.</summary>
internal sealed class SetUpFirstAdministrator(
    SetUpStore store, SetUpToken file, Passwords passwords, BeginSecondStep secondStep, TimeProvider time, ILogger<SetUpFirstAdministrator> log)
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
            ? await GoOnAsync(created)
            : new SignInOutcome.Refused(await store.HasAdministratorAsync(ct) ? RefusalReason.SetUpLinkInvalid : RefusalReason.NameTaken, name);
    }

    // A taken name undoes the whole statement: the token stays good for another name.
    private async Task<KnownUser?> UseAsync(byte[] sha256, Person person, string hash, string sourceAddress)
    {
        try { return await store.UseAsync(sha256, person, hash, sourceAddress); }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return null; }
    }

    private async Task<SignInOutcome> GoOnAsync(KnownUser created)
    {
        file.Remove();
        log.SetUpDone(created.UserName);
        return await secondStep.RunAsync(created, Audience.Administrator, "", newHash: null) is { } step ? step : new SignInOutcome.Refused(RefusalReason.SignInFailed);
    }
}

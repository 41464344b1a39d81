using System.Globalization;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Checks a name and a password and answers a session token, or, for who has or must have a second factor, a step to go on with. An unknown name, a disabled user and a wrong password get
/// the same answer after the same work: one look-up, one hash, one audit row.
/// </summary>
internal sealed class SignInUser(SignInStore store, BeginSecondStep secondStep, CheckPassword check, SignInThrottle throttle, IOptions<IdentityOptions> options, ILogger<SignInUser> log)
{
    public Task<SignInOutcome> RunAsync(string userName, string password, Audience audience, string sourceAddress, string? client, CancellationToken ct) =>
        RunAsync(userName, password, "", audience, sourceAddress, client, ct);

    /// <param name="userName">As typed.</param>
    /// <param name="password">As typed.</param>
    /// <param name="newPassword">For an expired password of a directory; empty: none.</param>
    /// <param name="audience">Whom the token is for.</param>
    /// <param name="sourceAddress">Where the person is.</param>
    /// <param name="client">What he signs in with; null when it cannot go on with a second step.</param>
    /// <param name="ct">Given up by the caller.</param>
    public async Task<SignInOutcome> RunAsync(string userName, string password, string newPassword, Audience audience, string sourceAddress, string? client, CancellationToken ct)
    {
        var name = UserNames.Normalise(userName);
        var wait = throttle.Begin(name, sourceAddress);
        if (wait > TimeSpan.Zero)
        {
            log.SignInSlowed(sourceAddress, wait);
            return new SignInOutcome.Refused(RefusalReason.SignInBusy, string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(wait.TotalSeconds)} s"));
        }
        try { return await CheckAsync(name, password, newPassword, audience, sourceAddress, client, ct); }
        finally { throttle.End(name); }
    }

    private async Task<SignInOutcome> CheckAsync(string name, string password, string newPassword, Audience audience, string sourceAddress, string? client, CancellationToken ct)
    {
        var verdict = await check.RunAsync(name, password, newPassword, ct);
        if (verdict is PasswordVerdict.Refused no)
        {
            if (no.User is not null) await store.RecordFailureAsync(no.User, no.Reason, audience, sourceAddress);
            return new SignInOutcome.Refused(no.Reason, no.Detail);
        }
        if (verdict is not PasswordVerdict.Right right)
        {
            throttle.Failed(name, sourceAddress);
            return await RefuseAsync((verdict as PasswordVerdict.Wrong)?.User, RefusalReason.SignInFailed, audience, sourceAddress);
        }
        throttle.Succeeded(name);
        var found = right.User;
        if (audience is Audience.Administrator && !found.Administrator)
            return await RefuseAsync(found, RefusalReason.NotAllowed, audience, sourceAddress);

        if (found.NeedsSecondStep)
        {
            if (client is null) return await RefuseAsync(found, RefusalReason.SecondFactorNeeded, audience, sourceAddress);
            return await secondStep.RunAsync(found, audience, client, right.NewHash) is { } step ? step : await RefuseAsync(found, RefusalReason.SignInFailed, audience, sourceAddress);
        }
        var token = OpaqueToken.Make();
        var expires = await store.StartAsync(found, token.Sha256, options.Value.EmployeeLifetime, sourceAddress, right.NewHash);
        if (expires is not { } until) return await RefuseAsync(found, RefusalReason.SignInFailed, audience, sourceAddress);
        return new SignInOutcome.SignedIn(token.Text, found.Person, until);
    }

    private async Task<SignInOutcome> RefuseAsync(KnownUser? found, RefusalReason reason, Audience audience, string sourceAddress)
    {
        await store.RecordFailureAsync(found, reason, audience, sourceAddress);
        return new SignInOutcome.Refused(reason);
    }
}

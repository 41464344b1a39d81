using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Identity.SecondFactor;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>Takes a person's second factors away, for the day telephone and recovery codes are gone, and ends the person's sign-ins.</summary>
internal sealed class ResetFactors(FactorStore factors, UserStore users)
{
    public async Task<UserOutcome> RunAsync(string userName, Caller by, CancellationToken ct)
    {
        var name = UserNames.Normalise(userName);
        if (await factors.ResetAsync(name, by) is { } user) return new UserOutcome.Done(user);
        return await users.FindAsync(name, ct) is { Administrator: true } ? UserOutcome.NeedsRoles : new UserOutcome.Refused(RefusalReason.NotFound, "user_name");
    }
}

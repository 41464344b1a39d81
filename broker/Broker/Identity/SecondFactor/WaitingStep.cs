using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>A sign-in whose password was right and whose second factor is awaited.</summary>
/// <param name="MustEnrol">The person has no second factor, and must have one.</param>
internal sealed record WaitingStep(Guid UserId, string UserName, string DisplayName, bool Enabled, bool Administrator, string Audience, bool MustEnrol, bool HasApp, bool HasPasskey, DateTime ExpiresAt)
{
    public Person Person => new(new UserId(UserId), UserName, DisplayName, Enabled, Administrator);
}

/// <summary>A person's authenticator app as the database keeps it.</summary>
internal sealed record KeptApp(byte[] Secret, DateTime CreatedAt);

/// <summary>What a person has, for the page of the account.</summary>
internal sealed record OwnFactors(DateTime? TotpSince, int RecoveryCodes, bool Administrator);

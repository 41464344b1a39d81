using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity.SecondFactor;

/// <summary>How a second step ended.</summary>
internal abstract record StepOutcome
{
    private StepOutcome() { }

    /// <param name="Token">The session token.</param>
    /// <param name="User">Who signed in.</param>
    /// <param name="ExpiresAt">When the sign-in ends.</param>
    /// <param name="RecoveryCodes">After an enrolment, to be shown once; else empty.</param>
    public sealed record SignedIn(string Token, Person User, DateTimeOffset ExpiresAt, IReadOnlyList<string> RecoveryCodes) : StepOutcome
    {
        /// <summary>Without token and codes, which must reach no log.</summary>
        public override string ToString() => $"SignedIn {User.UserName}";
    }

    public sealed record Refused(RefusalReason Reason, string Detail = "") : StepOutcome;
}

using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>How a sign-in ended.</summary>
internal abstract record SignInOutcome
{
    private SignInOutcome() { }

    public sealed record SignedIn(string Token, Person User, DateTimeOffset ExpiresAt) : SignInOutcome
    {
        /// <summary>Without the token, which must reach no log.</summary>
        public override string ToString() => $"SignedIn {User.UserName}";
    }

    /// <summary>The password was right; the step's token goes on with it.</summary>
    public sealed record SecondStep(string Token, Person User, DateTimeOffset ExpiresAt, bool MustEnrol) : SignInOutcome
    {
        /// <summary>Without the token, which must reach no log.</summary>
        public override string ToString() => $"SecondStep {User.UserName}";
    }

    public sealed record Refused(RefusalReason Reason, string Detail = "") : SignInOutcome;
}

using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Administration;

/// <summary>How a change to a user ended.</summary>
internal abstract record UserOutcome
{
    private UserOutcome() { }

    public sealed record Done(Person User) : UserOutcome;

    /// <param name="Detail">The field, or the rule that was broken.</param>
    public sealed record Refused(RefusalReason Reason, string Detail = "") : UserOutcome;
}

using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Entitlements;

/// <summary>How granting or revoking ended. Doing it twice is done, too.</summary>
internal abstract record EntitlementOutcome
{
    private EntitlementOutcome() { }

    public sealed record Done(Person User) : EntitlementOutcome;

    public sealed record Refused(RefusalReason Reason, string Detail = "") : EntitlementOutcome;
}

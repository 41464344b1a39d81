using Montalegre.Vdi.Contracts.Common.V1;

namespace Montalegre.Vdi.Gateway.Tickets;

/// <summary>What became of a ticket.</summary>
internal abstract record Redemption
{
    private Redemption() { }

    public sealed record Granted(MachineTarget Target) : Redemption;

    /// <param name="Code">The public reason; the portal shows its sentence.</param>
    /// <param name="Reference">What the person reads out to the help desk; may be empty.</param>
    public sealed record Refused(ReasonCode Code, string Reference) : Redemption;
}

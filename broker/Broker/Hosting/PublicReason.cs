using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>A refusal as the public contract says it; the two lists have the same names and numbers.</summary>
internal static class PublicReason
{
    /// <summary>A reason that somebody told us; null for none, and a number that this version does not know is an internal error.</summary>
    public static RefusalReason? ToDomain(this ReasonCode code) =>
        code == ReasonCode.Unspecified ? null : Enum.IsDefined((RefusalReason)(int)code) ? (RefusalReason)(int)code : RefusalReason.Internal;

    public static Reason ToContract(this RefusalReason reason, string detail = "") => new() { Code = (ReasonCode)(int)reason, Detail = detail };
}

using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>A refusal as the public contract says it; the two lists have the same names and numbers.</summary>
internal static class PublicReason
{
    public static Reason ToContract(this RefusalReason reason, string detail = "") => new() { Code = (ReasonCode)(int)reason, Detail = detail };
}

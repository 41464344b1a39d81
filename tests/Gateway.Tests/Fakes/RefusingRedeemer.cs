using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Gateway.Tickets;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>A broker that refuses every ticket for the same reason.</summary>
internal sealed class RefusingRedeemer(ReasonCode code, string reference) : ITicketRedeemer
{
    public Task<Redemption> RedeemAsync(TicketPresented presented, CancellationToken ct) =>
        Task.FromResult<Redemption>(new Redemption.Refused(code, reference));
}

using System.Net;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Tickets;

/// <summary>Asks who a ticket is for, and later whether they may stay. The broker answers in production; tests and benchmarks answer in the process.</summary>
internal interface ITicketRedeemer
{
    /// <summary>Exactly one redemption of a ticket is granted, whoever asks and however often.</summary>
    Task<Redemption> RedeemAsync(TicketPresented presented, CancellationToken ct);

    /// <summary>Of open connections, those whose person may not go on. Throws when nobody can be asked, which says nothing about any of them.</summary>
    Task<IReadOnlyList<WithdrawnConnection>> WithdrawnAsync(IReadOnlyCollection<string> connectionIds, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<WithdrawnConnection>>([]);
}

/// <summary>A ticket as a client brought it. Its text is a secret until it is redeemed.</summary>
internal sealed record TicketPresented(string Ticket, IPAddress Client, string ClientName, TicketCarrier Carrier = TicketCarrier.RoutingToken)
{
    public override string ToString() => $"ticket from {Client}";
}

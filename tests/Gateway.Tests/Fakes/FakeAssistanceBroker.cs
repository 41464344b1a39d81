using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;

namespace Montalegre.Vdi.Gateway.Tests.Fakes;

/// <summary>Decides about assistances in the process: each ticket opens once. What the gateway tells is read by the test itself.</summary>
internal sealed class FakeAssistanceBroker : IAssistanceBroker
{
    private readonly ConcurrentDictionary<string, RedeemedAssistance?> _tickets = new();

    public string NewTicket(RedeemedAssistance opens)
    {
        var ticket = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
        _tickets[ticket] = opens;
        return ticket;
    }

    public Task<RedeemAssistanceResponse> RedeemAsync(string ticket, IPAddress client, CancellationToken ct)
    {
        if (!_tickets.TryGetValue(ticket, out var opens)) return Task.FromResult(Refuse(ReasonCode.TicketUnknown));
        return Task.FromResult(opens is not null && _tickets.TryUpdate(ticket, null, opens) ? new() { Redeemed = opens } : Refuse(ReasonCode.TicketUsed));
    }

    public Task TellAsync(AssistanceNews news, CancellationToken ct) => throw new NotSupportedException("The test reads what waits to be told.");

    private static RedeemAssistanceResponse Refuse(ReasonCode code) => new() { Refused = new Reason { Code = code } };
}

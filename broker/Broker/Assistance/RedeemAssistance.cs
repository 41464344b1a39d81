using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Assistance;

/// <summary>Turns a ticket of the page that shows an assistance into the right to be shown it, once.</summary>
internal sealed class RedeemAssistance(AssistanceStore store, ChangePump pump, IOptions<AssistanceOptions> options, TimeProvider time, ILogger<RedeemAssistance> log)
{
    private const int MostSources = 10_000;
    private static readonly byte[] NoTicket = new byte[32];
    private readonly AttemptLimiter _wrong = new(() => options.Value.WrongTicketsPerMinute, MostSources, time);

    public async Task<RedeemAssistanceResponse> RunAsync(GatewayId gateway, RedeemAssistanceRequest request)
    {
        var client = RedeemTicket.Normal(request.ClientAddress);
        if (_wrong.IsOver(client)) return Refuse(ReasonCode.TooManyConnections);
        // Whatever is no ticket is looked up all the same: a wrong answer always costs one statement.
        var row = await store.RedeemAsync(gateway, OpaqueToken.TryHash(request.Ticket, out var sha256) ? sha256 : NoTicket, client);
        if (row.Refused is { } refused)
        {
            log.AssistanceTicketRefused(gateway, client, refused);
            _wrong.Count(client);
            return Refuse(Enum.GetValues<ReasonCode>().First(code => ReasonTexts.Name(code) == refused));
        }
        log.AssistanceOpened(row.AssistanceId!.Value, gateway, client);
        pump.Ring();
        return new()
        {
            Redeemed = new RedeemedAssistance
            {
                AssistanceId = row.AssistanceId.Value.ToString("D"), ConnectionId = row.ConnectionId!.Value.ToString("D"), Control = row.Control!.Value,
                Who = row.ShownName!, Desktop = row.Desktop!,
            },
        };
    }

    private static RedeemAssistanceResponse Refuse(ReasonCode code) => new() { Refused = new Reason { Code = code } };
}

using System.Buffers;
using System.Net;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Assistance;

/// <summary>An administrator's way in to a desktop that a person allowed them to see. Nobody is signed in here: the ticket alone opens.</summary>
internal sealed class AssistSocket(
    WorkerProgram program, OpenConnections connections, IAssistanceBroker broker, AddressLimits limits, IOptions<Html5Options> options, IOptions<GatewayOptions> gateway,
    TimeProvider time, ILogger<AssistSocket> log)
{
    public const string Path = "/assist/socket";

    public async Task HandleAsync(HttpContext http)
    {
        http.Response.StatusCode = DesktopSocket.Refusal(http, program);
        if (http.Response.StatusCode != StatusCodes.Status200OK) return;
        var client = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (client.IsIPv4MappedToIPv6) client = client.MapToIPv4();
        if (limits.TryEnter(client) is not AddressLimits.Entry.Allowed and var entry)
        {
            log.TurnedAway(client, entry.ToString());
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }
        var handshake = new Handshake(limits, client);
        try
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync(DesktopSocket.Accepting());
            using var browser = new BrowserLeg(socket, options.Value.SendDeadline);
            await ServeAsync(browser, client, handshake, http.RequestAborted);
        }
        finally
        {
            handshake.Over();
            limits.Leave(client);
        }
    }

    private async Task ServeAsync(BrowserLeg browser, IPAddress client, Handshake handshake, CancellationToken ct)
    {
        try
        {
            if (await DesktopSocket.ReadHelloAsync(browser, options.Value.HelloDeadline, time, ct) is not { } hello) return;
            if (!hello.IsAssistance) WireFormatException.Throw(nameof(Hello), "kind", "is no assistance");
            var answer = await broker.RedeemAsync(hello.Ticket, client, ct);
            if (answer.OutcomeCase != RedeemAssistanceResponse.OutcomeOneofCase.Redeemed)
            {
                var code = answer.Refused?.Code ?? ReasonCode.Internal;
                if (code == ReasonCode.TicketUnknown && limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, gateway.Value.Limits.WrongTicketsPerMinute);
                await RefuseAsync(browser, client, code, answer.Refused?.Reference ?? "");
                return;
            }
            handshake.Over();
            if (connections.Find(answer.Redeemed.ConnectionId)?.Carrier is IAssistedDesktop desktop)
                await desktop.Assistance.ServeAsync(browser, hello with { Ticket = "" }, answer.Redeemed, ct);
            else await RefuseAsync(browser, client, ReasonCode.AssistNotConnected, "");
        }
        catch (WireFormatException e)
        {
            log.BrowserSpokeNonsense(e.Message);
            await RefuseAsync(browser, client, ReasonCode.BrowserProtocol, "");
        }
    }

    private async Task RefuseAsync(BrowserLeg browser, IPAddress client, ReasonCode code, string reference)
    {
        log.ConnectionRefused(client, code, reference);
        await browser.FarewellAsync(code, reference);
    }

    /// <summary>The address counts as shaking hands until this is over, whichever way it goes.</summary>
    private sealed class Handshake(AddressLimits limits, IPAddress client)
    {
        private int _over;

        public void Over()
        {
            if (Interlocked.Exchange(ref _over, 1) == 0) limits.HandshakeOver(client);
        }
    }
}

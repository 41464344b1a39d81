using System.Net;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5.Printing;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Html5;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>
/// Logs on to a machine as a browser would, with nobody in front: the same ticket, worker and machine leg. Tells the broker when the
/// first picture came or why none did, and leaves the desktop open until the broker or the machine closes it.
/// </summary>
internal sealed class ProbeDesktops(
    ProbeOrders orders, WorkerProgram program, PdfConverter converter, Desktops desktops, ResumeTokens tokens, ITicketRedeemer tickets, ConnectionReports reports,
    AssistanceReports assistances, IOptions<Html5Options> options, TimeProvider time, ILogger<ProbeDesktops> log) : BackgroundService
{
    private const string ClientName = "probe";
    private static readonly IPAddress Client = IPAddress.Loopback;
    private static readonly Hello Nobody = new(false, "", 1024, 768, 100, 0x409, BrowserCapabilities.Zstd, 0, "en", "UTC");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var order in orders.Waiting.ReadAllAsync(stoppingToken))
        {
            try
            {
                var probed = await ProbeAsync(order, stoppingToken);
                log.DesktopProbed(order.ProbeId, probed.Code, probed.PictureMs);
                reports.Probed(probed);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.ServingFailed(Client, e);
                reports.Probed(new() { ProbeId = order.ProbeId, Code = ReasonCode.Internal });
            }
        }
    }

    private async Task<DesktopProbed> ProbeAsync(ProbeDesktop order, CancellationToken ct)
    {
        var (began, acceptedAt, answer) = (time.GetTimestamp(), time.GetUtcNow(), new DesktopProbed { ProbeId = order.ProbeId });
        if (!program.IsInstalled) return With(answer, ReasonCode.BrowserDesktopUnavailable);
        using var place = desktops.Reserve(Client);
        if (place is null) return With(answer, ReasonCode.TooManyConnections);
        var redemption = await tickets.RedeemAsync(new TicketPresented(order.Ticket, Client, ClientName, TicketCarrier.Browser), ct);
        if (redemption is Redemption.Refused refused) return With(answer, refused.Code);
        answer.RedeemedMs = Since(began);
        using var target = ((Redemption.Granted)redemption).Target;
        using var turn = await desktops.TurnAsync(ct);
        var started = await program.StartAsync(target.Address, target.Port, ct);
        if (started.Control is null)
        {
            var code = started.WhyNot;
            started.Process.Dispose();
            reports.Failed(target.SessionId, code, Client, target.ConnectionId);
            return With(answer, code);
        }
        answer.StartedMs = Since(began);
        var start = new WorkerStart(
            Allowed.None, target.CertificateSha256.ToArray(), target.SignIn?.UserName ?? "", target.SignIn?.Domain ?? "", target.SignIn?.Utf8Secret.ToArray() ?? [], ClientName,
            new DriveLimits(0, 0), [], Nobody);
        var session = new DesktopSession(started, new WorkerLink(started.Control), start, "", options.Value, converter, tokens, assistances, time, log);
        desktops.Run(new OpenConnection(target.ConnectionId, target.SessionId, target.MachineId, Client, ClientName, acceptedAt, time.GetUtcNow(), session), session, place.Keep());
        if (await session.Opened is { } reason) return With(answer, reason);
        answer.PictureMs = Since(began);
        return answer;
    }

    private uint Since(long began) => (uint)Math.Max(1, time.GetElapsedTime(began).TotalMilliseconds);

    private static DesktopProbed With(DesktopProbed answer, ReasonCode code)
    {
        answer.Code = code;
        return answer;
    }
}

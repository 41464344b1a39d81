using System.Buffers;
using System.Net;
using System.Security.Claims;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Assistance;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Gateway.Html5.Printing;
using Montalegre.Vdi.Gateway.Listening;
using Montalegre.Vdi.Gateway.Relay;
using Montalegre.Vdi.Gateway.Reports;
using Montalegre.Vdi.Gateway.Tickets;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.Html5;
using Montalegre.Vdi.Protocol.SignIns;
using Montalegre.Vdi.Protocol.Wire;

namespace Montalegre.Vdi.Gateway.Html5;

/// <summary>The browser's way in: a WebSocket on the portal's origin, whose first message carries the ticket.</summary>
internal sealed class DesktopSocket(
    WorkerProgram program, PdfConverter converter, Desktops desktops, ResumeTokens tokens, ITicketRedeemer tickets, AddressLimits limits, ConnectionReports reports,
    AssistanceReports assistances,
    IOptions<Html5Options> options, IOptions<GatewayOptions> gateway, TimeProvider time, ILogger<DesktopSocket> log)
{
    public const string Path = "/desktop/socket";
    private const Allowed Always = Allowed.Resize | Allowed.H264 | Allowed.Text;
    private const string ClientName = "browser";

    private readonly Html5Options _options = options.Value;

    /// <summary>Refuses what is no browser of ours before anything is opened, then serves it to its end.</summary>
    public async Task HandleAsync(HttpContext http)
    {
        http.Response.StatusCode = Refusal(http, program);
        if (http.Response.StatusCode == StatusCodes.Status200OK && http.User.Identity?.IsAuthenticated != true) http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        if (http.Response.StatusCode != StatusCodes.Status200OK) return;
        var client = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (client.IsIPv4MappedToIPv6) client = client.MapToIPv4();
        var entry = limits.TryEnterKnown(client);
        if (entry != AddressLimits.Entry.Allowed)
        {
            log.TurnedAway(client, entry.ToString());
            http.Response.StatusCode = StatusCodes.Status429TooManyRequests;
            return;
        }
        try
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync(Accepting());
            using var browser = new BrowserLeg(socket, _options.SendDeadline);
            await ServeAsync(browser, client, Owner(http), http.RequestAborted);
        }
        finally
        {
            limits.Leave(client);
        }
    }

    internal static WebSocketAcceptContext Accepting() => new()
    {
        SubProtocol = Html5Limits.SubProtocol, KeepAliveInterval = TimeSpan.FromSeconds(10), KeepAliveTimeout = TimeSpan.FromSeconds(20),
    };

    /// <summary>The status for what is no page of ours; 200 for the rest, whoever they are.</summary>
    internal static int Refusal(HttpContext http, WorkerProgram program)
    {
        if (!program.IsInstalled) return StatusCodes.Status404NotFound;
        if (!http.WebSockets.IsWebSocketRequest) return StatusCodes.Status400BadRequest;
        if (!http.WebSockets.WebSocketRequestedProtocols.Contains(Html5Limits.SubProtocol)) return StatusCodes.Status400BadRequest;
        // A WebSocket has no preflight: another site's page would carry the person's cookie here.
        return string.Equals(http.Request.Headers.Origin, $"{http.Request.Scheme}://{http.Request.Host}", StringComparison.OrdinalIgnoreCase)
            ? StatusCodes.Status200OK
            : StatusCodes.Status403Forbidden;
    }

    /// <summary>What the pool's policy lets pass, of what the worker carries; the worker refuses the rest.</summary>
    internal static Allowed AllowedBy(ChannelPolicy policy, bool hasDrive, bool hasPrinter) => Always
        | (policy.ClipboardToDesktop ? Allowed.PasteIn : 0)
        | (policy.ClipboardFromDesktop ? Allowed.CopyOut : 0)
        | (policy.Drives && hasDrive ? Allowed.Upload | Allowed.Download : 0)
        | (policy.Printers && hasDrive && hasPrinter ? Allowed.Print : 0)
        | (policy.AudioOut ? Allowed.AudioOut : 0)
        | (policy.AudioIn ? Allowed.Microphone : 0);

    private static string Owner(HttpContext http) => http.User.FindFirstValue(ClaimTypes.NameIdentifier) ?? "";

    private async Task ServeAsync(BrowserLeg browser, IPAddress client, string owner, CancellationToken ct)
    {
        var acceptedAt = time.GetUtcNow();
        try
        {
            if (await ReadHelloAsync(browser, _options.HelloDeadline, time, ct) is not { } hello) return;
            if (hello.IsAssistance) WireFormatException.Throw(nameof(Hello), "kind", "is an assistance");
            if (hello.IsResume)
            {
                if (tokens.Take(hello.Ticket, owner) is { } kept)
                    await kept.ServeAsync(browser, hello, ct);
                else await RefuseAsync(browser, client, null, ReasonCode.ResumeTokenUnknown, "");
                return;
            }
            await OpenAsync(browser, client, owner, hello, acceptedAt, ct);
        }
        catch (WireFormatException e)
        {
            log.BrowserSpokeNonsense(e.Message);
            await RefuseAsync(browser, client, null, ReasonCode.BrowserProtocol, "");
        }
    }

    internal static async Task<Hello?> ReadHelloAsync(BrowserLeg browser, TimeSpan within, TimeProvider time, CancellationToken ct)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(ct);
        using var timer = time.CreateTimer(static d => ((CancellationTokenSource)d!).Cancel(), deadline, within, Timeout.InfiniteTimeSpan);
        if (await browser.ReceiveAsync(Html5Limits.LongestHello, deadline.Token) is not { } message) return null;
        try { return Hello.Read(message.Buffer.AsSpan(0, message.Length)); }
        finally { ArrayPool<byte>.Shared.Return(message.Buffer, clearArray: true); }
    }

    private async Task OpenAsync(BrowserLeg browser, IPAddress client, string owner, Hello hello, DateTimeOffset acceptedAt, CancellationToken ct)
    {
        if (!TicketText.LooksRight(hello.Ticket))
        {
            await RefuseTicketAsync(browser, client, ReasonCode.TicketUnknown, "");
            return;
        }
        using var place = desktops.Reserve(client);
        if (place is null)
        {
            await RefuseAsync(browser, client, null, ReasonCode.TooManyConnections, "");
            return;
        }
        var redemption = await tickets.RedeemAsync(new TicketPresented(hello.Ticket, client, ClientName, TicketCarrier.Browser), ct);
        if (redemption is Redemption.Refused refused)
        {
            await RefuseTicketAsync(browser, client, refused.Code, refused.Reference);
            return;
        }
        using var target = ((Redemption.Granted)redemption).Target;
        using var turn = await desktops.TurnAsync(ct);
        var started = await program.StartAsync(target.Address, target.Port, ct);
        if (started.Control is null)
        {
            var code = started.WhyNot;
            log.WorkerNotStarted(started.Process.ExitCode, code);
            started.Process.Dispose();
            await RefuseAsync(browser, client, target, code, "");
            return;
        }
        var start = new WorkerStart(
            AllowedBy(target.Policy, _options.DriveSize > 0, converter.IsInstalled) | (_options.FullColourVideo ? Allowed.Avc444 : 0),
            target.CertificateSha256.ToArray(), target.SignIn?.UserName ?? "", target.SignIn?.Domain ?? "", target.SignIn?.Utf8Secret.ToArray() ?? [], ClientName,
            new DriveLimits(_options.DriveSize, Math.Min(_options.LargestFile, _options.DriveSize)), TimeZone(hello.TimeZone), hello with { Ticket = "" }) { Program = target.SignIn?.Program ?? "" };
        var session = new DesktopSession(started, new WorkerLink(started.Control), start, owner, _options, converter, tokens, assistances, time, log);
        var connection = new OpenConnection(target.ConnectionId, target.SessionId, target.MachineId, client, ClientName, acceptedAt, time.GetUtcNow(), session) { TraceParent = target.TraceParent };
        var serving = session.ServeAsync(browser, null, ct);    // before it runs: its first word is for this browser
        desktops.Run(connection, session, place.Keep());
        await session.Opened;
        turn.Dispose();
        await serving;
    }

    private byte[] TimeZone(string iana)
    {
        if (BrowserTimeZone.Of(iana, time.GetUtcNow()) is not { } zone) return [];
        var w = new WireWriter(new byte[ClientTimeZone.Length], nameof(ClientTimeZone));
        zone.Write(ref w);
        return w.WrittenSpan.ToArray();
    }

    private Task RefuseTicketAsync(BrowserLeg browser, IPAddress client, ReasonCode code, string reference)
    {
        var isGuess = code is ReasonCode.TicketUnknown or ReasonCode.TicketUsed or ReasonCode.TicketExpired or ReasonCode.TicketForeign;
        if (isGuess && limits.CountWrongTicket(client)) log.TooManyWrongTickets(client, gateway.Value.Limits.WrongTicketsPerMinute);
        return RefuseAsync(browser, client, null, code, reference);
    }

    private async Task RefuseAsync(BrowserLeg browser, IPAddress client, MachineTarget? target, ReasonCode code, string reference)
    {
        log.ConnectionRefused(client, code, reference);
        reports.Failed(target?.SessionId, code, client, target?.ConnectionId);
        await browser.FarewellAsync(code, reference);
    }
}

/// <summary>Exit codes of the launcher.</summary>
internal static class WorkerExit
{
    public const int NoMachine = 66;
}

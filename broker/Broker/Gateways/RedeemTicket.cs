using System.Buffers;
using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>Turns a ticket into a target, once, and has the machine's agent expect the one-time secret.</summary>
internal sealed class RedeemTicket(
    GatewayStore gateways, AgentDirectory agents, IOptions<GatewayOptions> options, TimeProvider time, ILogger<RedeemTicket> log)
{
    private const int TicketBytes = 32;
    private const int SecretBytes = 24;
    private const int MostSources = 10_000;

    private readonly AttemptLimiter _wrong = new(() => options.Value.WrongTicketsPerMinute, MostSources, time);

    /// <summary>The target, or the reason why not. A ticket that was won stays used whatever happens after.</summary>
    public async Task<RedeemResponse> RunAsync(GatewayId gateway, RedeemRequest request, CancellationToken ct)
    {
        var client = Normal(request.ClientAddress);
        if (_wrong.IsOver(client)) return Refuse(ReasonCode.TooManyConnections);

        var id = new ConnectionId(Guid.CreateVersion7(time.GetUtcNow()));
        var found = await gateways.RedeemAsync(gateway, Hash(request.Ticket), client, Bounded.Text(request.ClientName, 100), id, options.Value.ReuseTicketWithin,
            request.Carrier == TicketCarrier.Browser);
        if (found.Refused is { } refused)
        {
            log.TicketRefused(gateway, client, refused);
            if (_wrong.Count(client) == Attempt.JustTripped)
            {
                log.TooManyWrongTickets(gateway, client);
                await gateways.TooManyAsync(gateway, client, "ticket.limited");
            }
            return Refuse(Code(refused));
        }
        return await PrepareAsync(gateway, id, client, found, ct);
    }

    private async Task<RedeemResponse> PrepareAsync(GatewayId gateway, ConnectionId id, string client, Redemption found, CancellationToken ct)
    {
        using var redeeming = Instruments.Continue("redeem ticket", found.TraceParent);
        var secret = Encoding.ASCII.GetBytes(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes)));
        var command = new Command
        {
            Lifetime = Duration.FromTimeSpan(options.Value.SignInLifetime),
            PrepareSignIn = new PrepareSignIn
            {
                SessionId = found.SessionId!.Value.ToString("D"),
                UserName = found.UserName,
                DisplayName = found.DisplayName,
                SecretSha256 = ByteString.CopyFrom(SHA256.HashData(secret)),
                TraceParent = found.TraceParent ?? "",
                UnlockGuestSessionId = found.GuestSessionId ?? "",   // also where no lock is known of: whoever gets here may see it
            },
        };
        await agents.ConnectedAsync(new(found.MachineId!.Value), options.Value.AgentBackWithin, ct);
        var outcome = await agents.SendAsync(new(found.MachineId.Value), command, options.Value.PrepareWithin, ct);
        var failure = outcome switch
        {
            CommandOutcome.Ok when found is { Address: not null, Port: not null, CertificateSha256.Length: 32 } => (ReasonCode?)null,
            CommandOutcome.Ok or CommandOutcome.Refused => ReasonCode.SignInNotPrepared,
            _ => ReasonCode.AgentSilent,
        };
        if (failure is { } code)
        {
            log.SignInNotPrepared(new(found.MachineId.Value), outcome);
            await gateways.FailedAsync(gateway, id, Contracts.ReasonTexts.Name(code), client);
            return Refuse(code);
        }
        var answer = new RedeemResponse
        {
            Target = new Target
            {
                SessionId = found.SessionId.Value.ToString("D"), ConnectionId = id.Value.ToString("D"), MachineId = found.MachineId.Value.ToString("D"),
                Address = found.Address, Port = (uint)found.Port!.Value, CertificateSha256 = ByteString.CopyFrom(found.CertificateSha256),
                UserName = found.UserName, Secret = ByteString.CopyFrom(secret), MachineName = found.MachineName ?? "",
                RdgEndToEnd = found.RdGatewayEndToEnd ?? false,
                TraceParent = found.TraceParent ?? "",
                Program = found.Program is { } program ? ProgramLine.Of(program, found.Arguments ?? "", found.OsFamily ?? "") : "",
            },
        };
        BlockedFeatures.Fill(answer.Target.BlockedFeatures, found.BlockedFeatures ?? "");
        return answer;
    }

    // Whatever is no ticket is looked up all the same, as the hash of nothing: a wrong answer always costs one statement.
    private static byte[] Hash(string ticket)
    {
        Span<byte> bytes = stackalloc byte[TicketBytes];
        // Not TryDecodeFromChars: it throws at a letter that is none, and a guessed ticket would be an error of ours.
        if (ticket.Length != 43 || Base64Url.DecodeFromChars(ticket, bytes, out _, out var written) != OperationStatus.Done || written != TicketBytes) bytes.Clear();
        return SHA256.HashData(bytes);
    }

    /// <summary>One spelling for one address, so that a ticket's address can be compared as text.</summary>
    internal static string Normal(string address) =>
        IPAddress.TryParse(address, out var parsed) ? (parsed.IsIPv4MappedToIPv6 ? parsed.MapToIPv4() : parsed).ToString() : Bounded.Text(address, 45);

    private static ReasonCode Code(string refused) => refused switch
    {
        "TICKET_USED" => ReasonCode.TicketUsed,
        "TICKET_FOREIGN" => ReasonCode.TicketForeign,
        "TICKET_EXPIRED" => ReasonCode.TicketExpired,
        "SESSION_ENDED" => ReasonCode.SessionEnded,
        "SESSION_LOCKED" => ReasonCode.SessionLocked,
        _ => ReasonCode.TicketUnknown,
    };

    private static RedeemResponse Refuse(ReasonCode code) => new() { Refused = new Reason { Code = code } };
}

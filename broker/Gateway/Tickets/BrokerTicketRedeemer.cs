using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Contracts.Gateway.V1;
using Montalegre.Vdi.Gateway.Enrolment;
using Montalegre.Vdi.Gateway.Hosting;
using Montalegre.Vdi.Protocol.Channels;
using Montalegre.Vdi.Protocol.SignIns;

namespace Montalegre.Vdi.Gateway.Tickets;

/// <summary>Redeems at the broker; while none answers it tries again for a short time and then says so.</summary>
internal sealed class BrokerTicketRedeemer(BrokerLink broker, IOptions<GatewayOptions> options, TimeProvider time, ILogger<BrokerTicketRedeemer> log) : ITicketRedeemer
{
    private static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(30);     // the broker waits for the agent meanwhile
    private const int RecheckedAtOnce = 1000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public async Task<Redemption> RedeemAsync(TicketPresented presented, CancellationToken ct)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                if (broker.Client is { } client) return await AskAsync(client, presented, ct);
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && !ct.IsCancellationRequested)
            {
                log.BrokerAway(e.Status.Detail);
            }
            catch (RpcException e) when (!ct.IsCancellationRequested)
            {
                log.RedeemFailed(e.StatusCode.ToString(), e.Status.Detail);
                return new Redemption.Refused(e.StatusCode == StatusCode.DeadlineExceeded ? ReasonCode.BrokerUnavailable : ReasonCode.Internal, "");
            }
            if (time.GetElapsedTime(started) + Pause > options.Value.BrokerRetryBudget) return new Redemption.Refused(ReasonCode.BrokerUnavailable, "");
            await Task.Delay(Pause, time, ct);
        }
    }

    public async Task<IReadOnlyList<WithdrawnConnection>> WithdrawnAsync(IReadOnlyCollection<string> connectionIds, CancellationToken ct)
    {
        var client = await broker.ClientAsync(ct);
        var withdrawn = new List<WithdrawnConnection>();
        foreach (var some in connectionIds.Chunk(RecheckedAtOnce))
        {
            var answer = await client.RecheckAsync(new RecheckRequest { ConnectionIds = { some } }, deadline: time.GetUtcNow().UtcDateTime + CallDeadline, cancellationToken: ct);
            withdrawn.AddRange(answer.Withdrawn);
        }
        return withdrawn;
    }

    private async Task<Redemption> AskAsync(GatewayChannel.GatewayChannelClient client, TicketPresented presented, CancellationToken ct)
    {
        var answer = await client.RedeemAsync(new RedeemRequest
        {
            Ticket = presented.Ticket,
            ClientAddress = presented.Client.ToString(),
            Carrier = presented.Carrier,
            ClientName = presented.ClientName,
        }, deadline: time.GetUtcNow().UtcDateTime + CallDeadline, cancellationToken: ct);
        return answer.OutcomeCase switch
        {
            // A person who signs in by himself has no Client Info of ours that could say which program.
            RedeemResponse.OutcomeOneofCase.Target when answer.Target is { Program.Length: > 0, UserName.Length: 0 } => new Redemption.Refused(ReasonCode.NotSupported, ""),
            RedeemResponse.OutcomeOneofCase.Target => new Redemption.Granted(Take(answer.Target)),
            RedeemResponse.OutcomeOneofCase.Refused => new Redemption.Refused(answer.Refused.Code, answer.Refused.Reference),
            _ => new Redemption.Refused(ReasonCode.Internal, ""),
        };
    }

    private static MachineTarget Take(Target target)
    {
        try
        {
            var signIn = target.UserName.Length == 0 ? null : new SignIn(target.Domain, target.UserName, target.Secret.Span) { Program = target.Program };
            return new(target.SessionId, target.ConnectionId, target.MachineId, target.Address, (int)target.Port, target.CertificateSha256.Memory, signIn)
            {
                Policy = PolicyOf(target),
                MachineName = target.MachineName,
                EndToEnd = target.RdgEndToEnd,
                TraceParent = target.TraceParent,
            };
        }
        finally
        {
            Clear(target.Secret);
        }
    }

    private static ChannelPolicy PolicyOf(Target target)
    {
        return new ChannelPolicy
        {
            ClipboardToDesktop = Passes(DeviceFeature.ClipboardToDesktop), ClipboardFromDesktop = Passes(DeviceFeature.ClipboardFromDesktop),
            Drives = Passes(DeviceFeature.Drives), Printers = Passes(DeviceFeature.Printers), Usb = Passes(DeviceFeature.Usb),
            SmartCards = Passes(DeviceFeature.SmartCards), AudioOut = Passes(DeviceFeature.AudioOut), AudioIn = Passes(DeviceFeature.AudioIn),
            ProgramsByClient = target.Program.Length == 0,
        };

        bool Passes(DeviceFeature feature) => !target.BlockedFeatures.Contains(feature);
    }

    /// <summary>The message's own copy of the secret goes too; nobody reads the message again.</summary>
    private static void Clear(ByteString secret)
    {
        if (MemoryMarshal.TryGetArray(secret.Memory, out var segment)) CryptographicOperations.ZeroMemory(segment);
    }
}

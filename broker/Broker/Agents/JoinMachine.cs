using Montalegre.Vdi.Broker.Certificates;
using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>What came of a machine's join.</summary>
internal abstract record JoinOutcome
{
    private JoinOutcome() { }

    /// <summary>The token was good and is used up; earlier certificates of the machine are worth nothing any more.</summary>
    public sealed record Joined(MachineId Machine, CertificateOutcome Certificate) : JoinOutcome;

    /// <summary>The caller is not told what was wrong with its token.</summary>
    public sealed record Refused(RefusalReason Reason) : JoinOutcome;
}

/// <summary>Takes a one-time join token and gives the machine its certificate.</summary>
internal sealed class JoinMachine(AgentStore agents, CertificateAuthority authority, TimeProvider time, ILogger<JoinMachine> log)
{
    private const int WrongTokensPerMinute = 60;
    private const int MostSources = 10_000;
    private static readonly byte[] NoToken = new byte[32];

    private readonly AttemptLimiter _wrong = new(WrongTokensPerMinute, MostSources, time);

    /// <summary>One token, one machine, once.</summary>
    public async Task<JoinOutcome> RunAsync(JoinRequest request, string source)
    {
        if (_wrong.IsOver(source)) return new JoinOutcome.Refused(RefusalReason.JoinTokenInvalid);
        // Checked first: a request that cannot be signed must not use the token up.
        if (CertificateRequests.Read(request.CertificateRequest.Memory) is null) return new JoinOutcome.Refused(RefusalReason.CertificateRequestInvalid);

        var uuid = Guid.TryParse(request.SystemUuid, out var parsed) ? parsed : Guid.Empty;
        if (await agents.JoinAsync(JoinDocument.TokenSha256(request.JoinToken) ?? NoToken, uuid, request.ComputerName, source) is not { } machine)
        {
            _wrong.Count(source);
            log.JoinRefused(source);
            return new JoinOutcome.Refused(RefusalReason.JoinTokenInvalid);
        }
        log.MachineJoined(machine, source);
        return new JoinOutcome.Joined(machine, await authority.IssueAsync(request.CertificateRequest.Memory, PeerKind.Machine, machine.Value));
    }
}

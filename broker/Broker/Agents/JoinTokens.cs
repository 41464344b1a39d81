using Montalegre.Vdi.Contracts;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Agents;

/// <summary>A one-time proof with which a machine joins.</summary>
/// <param name="Token">Given away once; only its hash is kept.</param>
internal readonly record struct JoinToken(string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Leaves the token out of logs.</summary>
    public override string ToString() => $"join token until {ExpiresAt:O}";
}

/// <summary>Makes join tokens for machines: provisioning hands them over the hypervisor channel, IT types them into a PC.</summary>
internal sealed class JoinTokens(AgentStore agents)
{
    /// <summary>A new token; older ones of the same machine are worth nothing from now on.</summary>
    public async Task<JoinToken> MakeAsync(MachineId machine, TimeSpan lifetime)
    {
        var token = JoinDocument.NewToken();
        return new(token, await agents.AddJoinTokenAsync(machine, JoinDocument.TokenSha256(token)!, lifetime));
    }
}

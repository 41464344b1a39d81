using Microsoft.Extensions.Options;
using Montalegre.Vdi.Contracts;

namespace Montalegre.Vdi.Broker.Gateways;

/// <summary>A one-time token with which a gateway joins.</summary>
internal readonly record struct GatewayToken(string Token, DateTimeOffset ExpiresAt)
{
    /// <summary>Leaves the token out of logs.</summary>
    public override string ToString() => $"gateway token until {ExpiresAt:O}";
}

/// <summary>Makes the token with which a new gateway joins; an older unused one of that name is worth nothing any more.</summary>
internal sealed class CreateGatewayToken(GatewayStore gateways, IOptions<GatewayOptions> options)
{
    /// <summary>The token, to be shown once. The caller has checked name and address.</summary>
    public async Task<GatewayToken> RunAsync(string name, string rdpAddress, string actor)
    {
        var token = JoinDocument.NewToken();
        return new(token, await gateways.AddJoinTokenAsync(JoinDocument.TokenSha256(token)!, name, rdpAddress, options.Value.JoinTokenLifetime, actor));
    }
}

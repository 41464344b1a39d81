using System.Net;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace Montalegre.Vdi.Broker.Identity;

/// <summary>
/// Where a person is. Gateways and consoles say it in the message, because the connection is theirs; nobody else is
/// believed, or a guesser would pick a new address for every attempt.
/// </summary>
internal sealed class SourceAddress(IOptions<IdentityOptions> options)
{
    private readonly IPNetwork[] _trusted = [.. options.Value.TrustedSources.Select(network => IPNetwork.Parse(network))];

    public string Of(ServerCallContext context, string claimed)
    {
        var peer = context.GetHttpContext().Connection.RemoteIpAddress ?? IPAddress.None;
        if (peer.IsIPv4MappedToIPv6) peer = peer.MapToIPv4();
        return IsTrusted(peer) && IPAddress.TryParse(claimed, out var said) ? said.ToString() : peer.ToString();
    }

    private bool IsTrusted(IPAddress peer) => IPAddress.IsLoopback(peer) || _trusted.Any(network => network.Contains(peer));
}

using Montalegre.Vdi.Broker.Certificates;

namespace Montalegre.Vdi.Broker.Hosting;

/// <summary>The two doors of a broker node.</summary>
internal enum Listener { Api, Channel }

/// <summary>Says which door a service answers on, and for the channel, to which peers. Without it: the API endpoint.</summary>
internal sealed record ServedOn(Listener Listener, PeerKind? Peer);

/// <summary>How a slice puts its service on a door.</summary>
internal static class ListenerExtensions
{
    /// <summary>Mutual TLS: only peers of this kind, whose certificate is ours and not revoked, reach the service.</summary>
    public static TBuilder OnChannel<TBuilder>(this TBuilder endpoints, PeerKind peer) where TBuilder : IEndpointConventionBuilder
    {
        endpoints.Add(e => e.Metadata.Add(new ServedOn(Listener.Channel, peer)));
        return endpoints;
    }
}

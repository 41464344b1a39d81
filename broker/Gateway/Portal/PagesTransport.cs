using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Gateway.Listening;

namespace Montalegre.Vdi.Gateway.Portal;

/// <summary>An address that our own listener opens for the web server, so that it may serve other things too.</summary>
internal sealed class DoorEndPoint(IPEndPoint address) : IPEndPoint(address.Address, address.Port);

/// <summary>Where Kestrel gets connections from: our door, with TLS taken off.</summary>
internal sealed class PagesTransport(DoorListener door, PagesQueue queue, IOptions<PortalDoorOptions> options) : IConnectionListenerFactory, IConnectionListenerFactorySelector
{
    public bool CanBind(EndPoint endpoint) => endpoint is DoorEndPoint;

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var waiting = queue.Open();
        try
        {
            return new(new Listener(door, queue, waiting, door.Open(new IPEndPoint(((IPEndPoint)endpoint).Address, ((IPEndPoint)endpoint).Port), options.Value.Served)));
        }
        catch
        {
            queue.Close();
            throw;
        }
    }

    private sealed class Listener(DoorListener door, PagesQueue queue, ChannelReader<ConnectionContext> waiting, IPEndPoint bound) : IConnectionListener
    {
        public EndPoint EndPoint => bound;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            while (await waiting.WaitToReadAsync(cancellationToken))
            {
                if (waiting.TryRead(out var connection)) return connection;
            }
            return null;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await door.CloseAsync(bound);
            queue.Close();
        }

        public async ValueTask DisposeAsync()
        {
            queue.Close();
            while (waiting.TryRead(out var never)) await never.DisposeAsync();
        }
    }
}

using System.Threading.Channels;
using Montalegre.Vdi.Contracts.Gateway.V1;

namespace Montalegre.Vdi.Gateway.Reports;

/// <summary>Synthetic log-ons that the broker ordered and nobody has begun yet. What is over the bound is dropped: the broker asks again.</summary>
internal sealed class ProbeOrders
{
    private const int MostWaiting = 16;

    private readonly Channel<ProbeDesktop> _orders = Channel.CreateBounded<ProbeDesktop>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    public ChannelReader<ProbeDesktop> Waiting => _orders.Reader;

    public void Add(ProbeDesktop order) => _orders.Writer.TryWrite(order);
}

using System.Threading.Channels;
using Montalegre.Vdi.Broker.Hypervisors;

namespace Montalegre.Vdi.Broker.Provisioning;

/// <summary>
/// Says when to read a host: at every sweep, and at once when it tells of a machine that stopped or went, or that it is
/// there again or away. Ends when the host is let go.
/// </summary>
internal sealed class HostWatch(TimeSpan sweep, TimeProvider time)
{
    // A host that shuts down tells of all its machines: they are read together.
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(200);

    public async Task RunAsync(IHypervisor host, Func<CancellationToken, Task> read, CancellationToken ct)
    {
        var rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        var listening = ListenAsync(host, rings.Writer, ct);
        do await read(ct);
        while (await DueAsync(rings.Reader, ct));
        await listening;
    }

    // False: the host is let go.
    private async Task<bool> DueAsync(ChannelReader<bool> rings, CancellationToken ct)
    {
        using var tick = new CancellationTokenSource(sweep, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, tick.Token);
        try
        {
            if (!await rings.WaitToReadAsync(either.Token)) return false;
            await Task.Delay(Gather, time, either.Token);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested) { }   // the sweep is due
        rings.TryRead(out _);
        return true;
    }

    private static async Task ListenAsync(IHypervisor host, ChannelWriter<bool> rings, CancellationToken ct)
    {
        try
        {
            await foreach (var told in host.EventsAsync(ct))
                if (told.Kind is HypervisorEventKind.Stopped or HypervisorEventKind.Undefined or HypervisorEventKind.Connected or HypervisorEventKind.Disconnected)
                    rings.TryWrite(true);
        }
        finally
        {
            rings.TryComplete();
        }
    }
}

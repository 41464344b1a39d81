using System.Threading.Channels;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>Copies image versions that are being published to every host's storage, on the leader, again after a restart.</summary>
internal sealed class CopyImages(ImageStore store, HypervisorDirectory hosts, LeaseKeeper lease, TimeProvider time, ILogger<CopyImages> log) : BackgroundService
{
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(10);
    private readonly Channel<bool> _rings = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Asks for a pass now.</summary>
    public void Ring() => _rings.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (lease.Epoch is not null)
                    foreach (var image in await store.UnfinishedAsync(stoppingToken)) await CopyAsync(image, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.PassFailed(Recheck, e); }
            await Task.WhenAny(_rings.Reader.ReadAsync(stoppingToken).AsTask(), Task.Delay(lease.Epoch is null ? TimeSpan.FromSeconds(1) : Recheck, time, stoppingToken));
        }
    }

    private async Task CopyAsync(ImageRow image, CancellationToken ct)
    {
        var id = new ImageVersionId(image.ImageVersionId);
        try
        {
            foreach (var host in hosts.All)
            {
                var tenth = -1;
                await host.EnsureImageAsync(id, image.Path, new Progress<double>(part =>
                {
                    if ((int)(part * 10) == tenth) return;
                    tenth = (int)(part * 10);
                    log.Copying(id, host.Host, tenth * 10);
                }), ct);
            }
            await store.SetStateAsync(id, "ready", null);
            log.Ready(id, image.Name, image.Number);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Stays 'publishing' with its error shown, and is tried again: a full disk or a lost host is not for ever.
            await store.SetStateAsync(id, "publishing", e.Message);
            log.CopyFailed(id, e);
        }
    }
}

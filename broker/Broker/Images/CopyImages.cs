using System.Collections.Concurrent;
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

    private readonly ConcurrentDictionary<ImageVersionId, int> _percent = new();

    /// <summary>How much of a version is copied, over all hosts; null when this node copies nothing of it now.</summary>
    public int? Percent(ImageVersionId image) => _percent.TryGetValue(image, out var percent) ? percent : null;

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
            var all = hosts.All.ToList();
            foreach (var (host, done) in all.Select((host, done) => (host, done)))
            {
                var tenth = -1;
                _percent[id] = 100 * done / all.Count;
                await host.EnsureImageAsync(id, image.Path, new Copied(part =>
                {
                    _percent[id] = (int)(100 * (done + part) / all.Count);
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
        finally
        {
            _percent.TryRemove(id, out _);
        }
    }

    // Progress<T> reports on the pool and may come after the end; this one reports in the copying itself.
    private sealed class Copied(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}

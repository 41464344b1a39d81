using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>
/// Reads the hosts' copies of image versions, on the leader, one at a time and slowly, and compares them with the hash that
/// was recorded at publishing: a damaged or deleted base is found before a machine is made from it.
/// </summary>
internal sealed class CheckCopies(
    CopyStore store, HypervisorDirectory hosts, CopyImages copies, LeaseKeeper lease, IOptions<ImagesOptions> options, TimeProvider time, ILogger<CheckCopies> log) : BackgroundService
{
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(5), LeaveAway = TimeSpan.FromMinutes(1);
    private readonly Bell _bell = new();
    private readonly Dictionary<Guid, long> _away = [];
    private volatile Reading? _now;

    private sealed class Reading(HostId host, ImageVersionId image) : IProgress<double>
    {
        public HostId Host => host;

        public ImageVersionId Image => image;

        public int Percent { get; private set; }

        public void Report(double value) => Percent = (int)(100 * value);
    }

    /// <summary>How far the reading of a copy is; null when this node does not read it now.</summary>
    public int? Percent(HostId host, ImageVersionId image) => _now is { } now && now.Host == host && now.Image == image ? now.Percent : null;

    /// <summary>Asks for a look now.</summary>
    public void Ring() => _bell.Ring();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (lease.Epoch is not null && await CheckOneAsync(stoppingToken)) { }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.CheckPassFailed(Recheck, e); }
            await _bell.WaitAsync(Recheck, stoppingToken);
        }
    }

    // False when nothing is due.
    private async Task<bool> CheckOneAsync(CancellationToken ct)
    {
        foreach (var back in _away.Where(a => time.GetElapsedTime(a.Value) > LeaveAway).Select(a => a.Key).ToList()) _away.Remove(back);
        if (await store.DueAsync(options.Value.CheckEvery, _away.Keys, ct) is not var (copy, expected)) return false;
        var (host, image) = (new HostId(copy.HostId), new ImageVersionId(copy.ImageVersionId));
        var reading = _now = new(host, image);
        try
        {
            var found = await hosts.For(host).HashImageAsync(image, options.Value.CheckMibPerSecond, reading, ct);
            if (found is not null && found.AsSpan().SequenceEqual(expected)) await store.SetGoodAsync(host, image);
            else await copies.ReportBadAsync(host, image, found is null ? CopyState.Missing : CopyState.Damaged);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // A host that is away says nothing about its copies; the others are not kept waiting.
            _away[copy.HostId] = time.GetTimestamp();
            log.CheckFailed(image, copy.HostName, e.Message);
        }
        finally { _now = null; }
        return true;
    }
}

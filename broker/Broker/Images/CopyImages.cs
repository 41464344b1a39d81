using System.Collections.Concurrent;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Images;

/// <summary>
/// Brings image versions to the storage of every host, on the leader, again after a restart, and to hosts that are added
/// or come back later. Hosts are served side by side: one that is away or slow holds up nobody else.
/// </summary>
internal sealed class CopyImages(
    ImageStore store, CopyStore copies, ImageFolder folder, HypervisorDirectory hosts, LeaseKeeper lease, TimeProvider time, ILogger<CopyImages> log) : BackgroundService
{
    private static readonly TimeSpan Recheck = TimeSpan.FromSeconds(10);
    private readonly Bell _bell = new();
    private readonly ConcurrentDictionary<(HostId Host, ImageVersionId Image), bool> _there = new();
    private readonly ConcurrentDictionary<HostId, Trouble> _trouble = new();

    // Why a host has not everything; an away host does not keep an image from being used on the others.
    private sealed record Trouble(string Message, bool Away, long Since);

    // Shares of copies that go on now, from 0 to 1.
    private readonly ConcurrentDictionary<(HostId Host, ImageVersionId Image), double> _shares = new();

    /// <summary>How much of a version is copied, over all hosts; null when this node copies nothing of it now.</summary>
    public int? Percent(ImageVersionId image)
    {
        if (!_shares.Keys.Any(copy => copy.Image == image)) return null;
        var all = hosts.All.Select(host => _there.ContainsKey((host.Host, image)) ? 1 : _shares.GetValueOrDefault((host.Host, image))).ToList();
        return all.Count == 0 ? null : (int)(100 * all.Average());
    }

    /// <summary>How much of a version is copied to one host; null when this node does not copy it now.</summary>
    public int? Percent(HostId host, ImageVersionId image) => _shares.TryGetValue((host, image), out var share) ? (int)(100 * share) : null;

    /// <summary>Asks for a pass now.</summary>
    public void Ring() => _bell.Ring();

    /// <summary>
    /// A host's copy turned out damaged or missing: it is brought anew. Until then no machine is made from it; those that
    /// run keep the file that they have open.
    /// </summary>
    public async Task ReportBadAsync(HostId host, ImageVersionId image, CopyState state)
    {
        if (await copies.SetBadAsync(host, image, state)) log.CopyIsBad(image, host, state);
        _there.TryRemove((host, image), out _);
        Ring();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var copying = new Dictionary<HostId, Task>();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (lease.Epoch is not null)
                {
                    await PassAsync(copying, stoppingToken);
                    await FreeAsync(copying, stoppingToken);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.PassFailed(Recheck, e); }
            await _bell.WaitAsync(lease.Epoch is null ? TimeSpan.FromSeconds(1) : Recheck, stoppingToken);
        }
        await Task.WhenAll(copying.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task PassAsync(Dictionary<HostId, Task> copying, CancellationToken ct)
    {
        var images = await store.WantedAsync(ct);
        var known = (await copies.AllAsync(ct)).ToDictionary(copy => (new HostId(copy.HostId), new ImageVersionId(copy.ImageVersionId)));
        foreach (var host in hosts.All)
        {
            if (copying.TryGetValue(host.Host, out var last) && !last.IsCompleted) continue;
            // Hosts that share a folder take their turns: the first brings the file, the others find it there.
            if (copying.Any(other => !other.Value.IsCompleted && hosts.ShareStorage(other.Key, host.Host))) continue;
            if (_trouble.TryGetValue(host.Host, out var trouble) && time.GetElapsedTime(trouble.Since) < Recheck) continue;
            var missing = images.Where(image => !_there.ContainsKey((host.Host, new(image.ImageVersionId)))).ToList();
            // A version that only machines of this host still use is brought anew when its copy went bad.
            missing.AddRange((await store.SpoiltAsync(host.Host, ct)).Where(image => missing.TrueForAll(m => m.ImageVersionId != image.ImageVersionId)));
            if (missing.Count > 0) copying[host.Host] = Task.Run(() => CopyAsync(host, missing, known, ct), ct);
        }
        foreach (var image in images.Where(image => image.State == "publishing")) await SettleAsync(image);
    }

    // Retired versions leave the hosts once no machine is made from them. The database said so, and lets nothing begin to use them.
    private async Task FreeAsync(Dictionary<HostId, Task> copying, CancellationToken ct)
    {
        foreach (var (host, image) in await copies.UnneededAsync(ct))
        {
            if (copying.TryGetValue(host, out var busy) && !busy.IsCompleted) continue;
            if (hosts.All.FirstOrDefault(h => h.Host == host) is not { } found) continue;
            try
            {
                var freed = await found.DeleteImageAsync(image, ct);
                _there.TryRemove((host, image), out _);
                await copies.RemoveAsync(host, image, freed);
                log.CopyFreed(image, host, freed >> 20);
            }
            catch (Exception e) when (!ct.IsCancellationRequested) { log.CopyNotFreed(image, host, e.Message); }
        }
        foreach (var image in await store.RetiredFilesAsync(ct)) folder.DeleteOurs(image);
    }

    private async Task CopyAsync(IHypervisor host, List<ImageRow> missing, Dictionary<(HostId, ImageVersionId), CopyRow> known, CancellationToken ct)
    {
        try
        {
            foreach (var image in missing) await CopyOneAsync(host, image, known.GetValueOrDefault((host.Host, new(image.ImageVersionId)))?.State, ct);
            _trouble.TryRemove(host.Host, out _);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            // Shown, and tried again: a full disk or a lost host is not for ever.
            var away = e is HypervisorUnavailableException;
            if (!_trouble.ContainsKey(host.Host)) log.CopyFailed(host.Host, e.Message);
            _trouble[host.Host] = new(e.Message, away, time.GetTimestamp());
        }
        Ring();
    }

    private async Task CopyOneAsync(IHypervisor host, ImageRow image, string? known, CancellationToken ct)
    {
        var id = new ImageVersionId(image.ImageVersionId);
        var tenth = -1;
        _shares[(host.Host, id)] = 0;
        try
        {
            if (known is not null and not "good") await host.DeleteImageAsync(id, ct);
            await host.EnsureImageAsync(id, image.Path, new Copied(part =>
            {
                _shares[(host.Host, id)] = part * 0.9;   // the rest is the reading back
                if ((int)(part * 10) == tenth) return;
                tenth = (int)(part * 10);
                log.Copying(id, host.Host, tenth * 10);
            }), ct);
            if (known != "good") await VerifyAsync(host, id, image.Sha256, ct);
        }
        finally
        {
            _shares.TryRemove((host.Host, id), out _);
        }
        _there[(host.Host, id)] = true;
        await store.WakeMachinesAsync(host.Host, id);
    }

    // What arrived is read back before a machine is made from it.
    private async Task VerifyAsync(IHypervisor host, ImageVersionId id, byte[]? expected, CancellationToken ct)
    {
        var found = expected is null ? null : await host.HashImageAsync(id, null, new Copied(part => _shares[(host.Host, id)] = 0.9 + (0.1 * part)), ct);
        if (expected is null || (found is not null && found.AsSpan().SequenceEqual(expected)))
        {
            await copies.SetGoodAsync(host.Host, id);
            return;
        }
        await copies.SetBadAsync(host.Host, id, found is null ? CopyState.Missing : CopyState.Damaged);
        throw new InvalidDataException($"The copy of image {id} on the host is not what was published: its hash differs. It is brought again.");
    }

    // Ready: every host that can be reached has it. The others get it when they come back, before their next machine.
    private async Task SettleAsync(ImageRow image)
    {
        var id = new ImageVersionId(image.ImageVersionId);
        var lacking = hosts.All.Where(host => !_there.ContainsKey((host.Host, id))).ToList();
        var troubles = lacking.Select(host => _trouble.GetValueOrDefault(host.Host)).ToList();
        if (lacking.Count == 0 || (lacking.Count < hosts.All.Count && troubles.TrueForAll(trouble => trouble is { Away: true })))
        {
            await store.SetStateAsync(id, "ready", null);
            log.Ready(id, image.Name, image.Number);
        }
        else if (troubles.OfType<Trouble>().FirstOrDefault() is { } first && first.Message != image.Error) await store.SetStateAsync(id, "publishing", first.Message);
    }

    // Progress<T> reports on the pool and may come after the end; this one reports in the copying itself.
    private sealed class Copied(Action<double> tell) : IProgress<double>
    {
        public void Report(double value) => tell(value);
    }
}

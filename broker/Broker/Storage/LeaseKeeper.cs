using Montalegre.Vdi.Broker.Hosting;
using Npgsql;

namespace Montalegre.Vdi.Broker.Storage;

/// <summary>Keeps this node's leadership while it can. One role for the whole broker: reconcilers and sweeps run on the leader.</summary>
internal sealed class LeaseKeeper(Lease lease, ChangeStore changes, Node node, TimeProvider time, ILogger<LeaseKeeper> log) : BackgroundService
{
    public const string Role = "leader";
    private static readonly TimeSpan Renewal = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ChangesKept = TimeSpan.FromMinutes(10);
    private volatile Held? _held;

    /// <summary>
    /// Our epoch while we surely lead, else null. Counted from before the renewal was sent, less a margin: a node that was
    /// frozen or cut off stops by itself before another one starts. Ask again for every step; send it with every order.
    /// </summary>
    public long? Epoch => _held is { } held && time.GetElapsedTime(held.AskedAt) < Lease.Lifetime - Margin ? held.Epoch : null;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Renewal, time);
        long? sweptAt = null;
        do
        {
            try
            {
                await RenewAsync();
                if (Epoch is not null && (sweptAt is null || time.GetElapsedTime(sweptAt.Value) >= SweepInterval))
                {
                    sweptAt = time.GetTimestamp();
                    await changes.ForgetAsync(ChangesKept);
                }
            }
            catch (NpgsqlException e)
            {
                log.LeaseNotRenewed(e.Message);   // leadership runs out by itself if this goes on
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                log.LeaseFailed(e);
            }
        }
        while (await NextAsync(tick, stoppingToken));
        await ReleaseAsync();
    }

    private async Task RenewAsync()
    {
        var askedAt = time.GetTimestamp();
        var before = _held?.Epoch;
        var epoch = await lease.HoldAsync(Role, node.Id);
        _held = epoch is null ? null : new Held(epoch.Value, askedAt);
        if (epoch is not null && epoch != before) log.Leading(epoch.Value);
        if (epoch is null && before is not null) log.NotLeading(before.Value);
    }

    private async Task ReleaseAsync()
    {
        if (_held is null) return;
        _held = null;
        try
        {
            await lease.ReleaseAsync(Role, node.Id);
        }
        catch (NpgsqlException e)
        {
            log.LeaseNotRenewed(e.Message);
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer tick, CancellationToken ct)
    {
        try
        {
            return await tick.WaitForNextTickAsync(ct);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private sealed record Held(long Epoch, long AskedAt);
}

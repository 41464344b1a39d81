using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Microsoft.Extensions.Options;
using Montalegre.Vdi.Broker.Backups;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Alerts;

/// <summary>How full one volume of a node is.</summary>
internal sealed record VolumeUse(string Path, double UsedPercent);

[JsonSerializable(typeof(List<VolumeUse>)), JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
internal sealed partial class VolumeJson : JsonSerializerContext;

/// <summary>Says every few seconds that this node lives and how full its volumes are. A node that is stopped in order takes its row away.</summary>
internal sealed class NodeBeat(Node node, Database database, BackupStore backups, IOptions<HostingOptions> hosting, TimeProvider time, ILogger<NodeBeat> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(10);

    // A restart is the same node: the address tells two brokers of one computer apart.
    private string Name => $"{Environment.MachineName} {hosting.Value.ApiListen}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var tick = new PeriodicTimer(Every, time);
        try
        {
            do
            {
                try { await BeatAsync(); }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested) { log.BeatFailed(Every, e); }
            }
            while (await tick.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { await LeaveAsync(); }
    }

    /// <summary>Beats once.</summary>
    public async Task BeatAsync()
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into broker_node (name, node_id, volumes)
            values (@Name, @Id, @volumes::jsonb)
                on conflict (name) do update set node_id = excluded.node_id, seen_at = now(), volumes = excluded.volumes
            """, new { Name, node.Id, volumes = JsonSerializer.Serialize(Volumes(), VolumeJson.Default.ListVolumeUse) });
    }

    private async Task LeaveAsync()
    {
        try
        {
            await using var connection = await database.OpenConnectionAsync();
            await connection.ExecuteAsync("delete from broker_node where name = @Name and node_id = @Id", new { Name, node.Id });
        }
        catch (NpgsqlException e) { log.BeatFailed(Every, e); }
    }

    // Two directories on one volume are one volume: the mount point names it.
    private List<VolumeUse> Volumes() =>
        [.. from directory in new[] { hosting.Value.StateDirectory, backups.Root }
            where Directory.Exists(directory)
            let drive = DriveOf(directory)
            where drive.TotalSize > 0
            group drive by drive.Name into volume
            let one = volume.First()
            select new VolumeUse(volume.Key, Math.Round(100.0 * (one.TotalSize - one.AvailableFreeSpace) / one.TotalSize, 1))];

    private static DriveInfo DriveOf(string directory) => DriveInfo.GetDrives()
        .Where(d => d.IsReady && (directory == d.Name || directory.StartsWith(d.Name.TrimEnd('/') + "/", StringComparison.Ordinal)))
        .MaxBy(d => d.Name.Length) ?? new DriveInfo(directory);
}

using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using Grpc.Net.Client;
using Montalegre.Vdi.Benchmarks.Brokers;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Postgres;
using Montalegre.Vdi.Rig.Stack;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Benchmarks.Clones;

/// <summary>The whole broker through its public API: a pool of so many machines is asked for, and deleted again.</summary>
internal sealed class ControllerSide : IDisposable
{
    private const uint MemoryMib = 128;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly GrpcChannel _channel;
    private readonly LibvirtConnection _watch;
    private readonly Infrastructure.InfrastructureClient _infrastructure;
    private readonly Contract.Pools.PoolsClient _pools;
    private Metadata _token = [];
    private string _host = "", _image = "", _pool = "";
    private int _round;

    private ControllerSide(GrpcChannel channel, LibvirtConnection watch)
    {
        (_channel, _watch) = (channel, watch);
        (_infrastructure, _pools) = (new(channel), new(channel));
    }

    /// <summary>Makes the first administrator, the host, and an image of an empty disk.</summary>
    public static async Task<ControllerSide> PrepareAsync(RunningBroker broker, LibvirtDaemons daemons, string folder, CancellationToken ct)
    {
        var channel = broker.Channel();
        var side = new ControllerSide(channel, LibvirtConnection.Open(daemons.Uri));
        side._token = new() { { "authorization", $"Bearer {(await broker.FirstAdministratorAsync(channel, "rosa", "quatro cavalos verdes", ct)).Token}" } };
        side._host = (await side._infrastructure.AddHostAsync(new() { Name = "north", Uri = daemons.Uri, Network = "user", StoragePath = daemons.StoragePath }, side._token, cancellationToken: ct)).HostId;
        var disk = Path.Combine(folder, "image.qcow2");
        await Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: ct);
        side._image = (await side._infrastructure.PublishImageAsync(new() { Name = "empty", Path = disk }, side._token, cancellationToken: ct)).ImageVersionId;
        await UntilAsync(async () => (await side._infrastructure.ListImagesAsync(new(), side._token, cancellationToken: ct)).Images.Single().State == "ready", ct);
        return side;
    }

    /// <summary>From the request for a pool until libvirt has said of its last machine that it runs.</summary>
    public async Task<TimeSpan> RoundAsync(int machines, CancellationToken ct)
    {
        var (started, all) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _watch.DomainChanged += Count;
        try
        {
            var from = Stopwatch.GetTimestamp();
            _pool = (await _pools.CreateAsync(new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"Pool {++_round}"), Kind = PoolKind.Floating, Size = (uint)machines, HostIds = { _host }, ImageVersionId = _image,
                Cpus = 1, MemoryMib = MemoryMib, MachineNamePattern = string.Create(CultureInfo.InvariantCulture, $"r{_round}-{{n}}"),
            }, _token, cancellationToken: ct)).PoolId;
            await all.Task.WaitAsync(Patience, ct);
            return Stopwatch.GetElapsedTime(from);
        }
        finally { _watch.DomainChanged -= Count; }

        void Count(DomainLifecycleEvent change)
        {
            if (change.What == DomainLifecycle.Started && Interlocked.Increment(ref started) == machines) all.TrySetResult();
        }
    }

    /// <summary>Deletes the pool and waits until its machines are gone from the host and from the records.</summary>
    public async Task ClearAsync(CancellationToken ct)
    {
        await _pools.DeleteAsync(new() { PoolId = _pool }, _token, cancellationToken: ct);
        var machines = new Machines.MachinesClient(_channel);
        await UntilAsync(async () => (await machines.ListAsync(new(), _token, cancellationToken: ct)).Machines.Count == 0, ct);
    }

    public void Dispose()
    {
        _watch.Dispose();
        _channel.Dispose();
    }

    private static async Task UntilAsync(Func<Task<bool>> fact, CancellationToken ct)
    {
        for (var from = Stopwatch.GetTimestamp(); !await fact(); await Task.Delay(200, ct))
            if (Stopwatch.GetElapsedTime(from) > Patience) throw new InvalidOperationException($"It did not come to that within {Patience}.");
    }
}

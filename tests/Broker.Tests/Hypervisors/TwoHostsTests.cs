using Grpc.Core;
using Montalegre.Vdi.Contracts.Admin.V1;
using Montalegre.Vdi.Contracts.Common.V1;
using Montalegre.Vdi.Native.Libvirt;
using Montalegre.Vdi.Rig.Clients;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;
using Contract = Montalegre.Vdi.Contracts.Admin.V1;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>A whole broker with two real hosts, through the public API: a pool on each, one host lost and back, both let go.</summary>
public sealed class TwoHostsTests(TestCluster cluster) : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromMinutes(4);
    private readonly TestBroker _broker = new(cluster);
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdh-").FullName;
    private LibvirtDaemons _north = null!, _south = null!;
    private Contract.Infrastructure.InfrastructureClient _infrastructure = null!;
    private Contract.Pools.PoolsClient _pools = null!;
    private Metadata _token = [];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        // Brokers of tests that run at the same time would begin to give out the same ports of this computer.
        await _broker.StartAsync(["--Provisioning:Sweep=00:00:01", $"--Provisioning:FirstForwardedPort={LoopbackPorts.Free()}"]);
        _north = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "n"), null, Ct);
        _south = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "s"), null, Ct);
        var api = _broker.Api();
        var link = await File.ReadAllTextAsync(Path.Combine(_broker.StateDirectory, "set-up-token"), Ct);
        var begun = await new Administrators.AdministratorsClient(api).SetUpAsync(new() { Token = link.Trim(), UserName = "rosa", DisplayName = "Rosa", Password = "quatro cavalos verdes" }, cancellationToken: Ct);
        var made = await RigAuthenticator.EnrolAsync(api, begun.SecondStep);
        _token = new() { { "authorization", $"Bearer {made.Token}" } };
        (_infrastructure, _pools) = (new(api), new(api));
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        foreach (var daemons in new[] { _north, _south })
        {
            daemons.StopMachines();
            await daemons.DisposeAsync();
        }
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Two_hosts_have_a_pool_each_and_the_loss_of_one_is_named_and_does_not_touch_the_other()
    {
        var (north, south) = (await AddHostAsync("north", _north), await AddHostAsync("south", _south));
        // A host that takes longer than four seconds for an answer is not connected at that moment.
        await UntilAsync(async () => await ConnectedAsync() is ["north", "south"], "both hosts are connected");
        var image = await PublishAsync();
        var (onNorth, onSouth) = (await PoolAsync("Norte", north, image), await PoolAsync("Sul", south, image));
        await UntilAsync(() => Running(_north) == 1 && Running(_south) == 1, "a machine runs on each host");

        await _south.SignalAsync("KILL");
        await ResizeAsync(onNorth, 2);
        await ResizeAsync(onSouth, 2);
        await UntilAsync(() => Running(_north) == 2, "the healthy host gets its second machine");
        await UntilAsync(async () => (await PoolNowAsync(onSouth)).Trouble?.Code == ReasonCode.HostUnavailable, "the pool says why it is not at its size");
        await UntilAsync(async () => await ConnectedAsync() is ["north"], "the healthy host alone is connected");
        await UntilAsync(async () => (await _infrastructure.ListHostsAsync(new(), _token, cancellationToken: Ct)).Hosts.Single(h => h.Name == "south").Error.Contains("south", StringComparison.Ordinal), "the lost host's error names it");

        await _south.RestartAsync(Ct);
        await UntilAsync(() => Running(_south) == 2, "the host that is back gets what it lacked");

        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(async () => await RemoveHostAsync(south))).StatusCode);
        foreach (var pool in new[] { onNorth, onSouth }) await _pools.DeleteAsync(new() { PoolId = pool.PoolId }, _token, cancellationToken: Ct);
        await RemoveUnusedHostAsync(south);
        await RemoveUnusedHostAsync(north);
        Assert.Empty(Domains(_north).Concat(Domains(_south)));
        Assert.Empty((await _infrastructure.ListHostsAsync(new(), _token, cancellationToken: Ct)).Hosts);
    }

    [Fact]
    public async Task Host_added_after_the_image_gets_it_before_its_first_machine_and_the_same_host_under_two_names_keeps_its_machines()
    {
        var north = await AddHostAsync("north", _north);
        var image = await PublishAsync();
        await PoolAsync("Norte", north, image);
        await UntilAsync(() => Running(_north) == 1, "a machine runs");

        var south = await AddHostAsync("south", _south);
        await PoolAsync("Sul", south, image);
        await UntilAsync(() => Running(_south) == 1, "the image is brought to the new host");

        // Somebody cleans up a host and takes the image along: it is brought there again for the next machine.
        Assert.Equal(StatusCode.FailedPrecondition, (await Assert.ThrowsAsync<RpcException>(async () => await _infrastructure.PublishImageAsync(new() { Name = "nowhere", Path = "/nowhere.qcow2" }, _token, cancellationToken: Ct))).StatusCode);
        await TakeImageAwayAsync(_south, image);
        await ResizeAsync((await _pools.ListAsync(new(), _token, cancellationToken: Ct)).Pools.Single(p => p.Name == "Sul"), 2);
        await UntilAsync(() => Running(_south) == 2, "the missing image is brought to the host again");

        // The same daemon once more: its machines are on record under the first name and must not be taken for orphans.
        await AddHostAsync("north-again", _north);
        var before = Domains(_north);
        await Task.Delay(TimeSpan.FromSeconds(4), Ct);   // several sweeps
        Assert.Equal(before, Domains(_north));
    }

    private async Task<Contract.Host> AddHostAsync(string name, LibvirtDaemons daemons) =>
        await _infrastructure.AddHostAsync(new() { Name = name, Uri = daemons.Uri, Network = "user", StoragePath = daemons.StoragePath }, _token, cancellationToken: Ct);

    // Names of the hosts that answer.
    private async Task<List<string>> ConnectedAsync() =>
        [.. (await _infrastructure.ListHostsAsync(new(), _token, cancellationToken: Ct)).Hosts.Where(h => h.Connected).Select(h => h.Name).Order(StringComparer.Ordinal)];

    private async Task RemoveHostAsync(Contract.Host host) => await _infrastructure.RemoveHostAsync(new() { HostId = host.HostId }, _token, cancellationToken: Ct);

    // A deleted pool is out of sight at once and keeps its host until the last machine is gone.
    private Task RemoveUnusedHostAsync(Contract.Host host) => UntilAsync(async () =>
    {
        try
        {
            await RemoveHostAsync(host);
            return true;
        }
        catch (RpcException e) when (e.StatusCode == StatusCode.FailedPrecondition) { return false; }
    }, $"{host.Name} is let go once its machines are gone");

    private async Task<string> PublishAsync()
    {
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        var image = await _infrastructure.PublishImageAsync(new() { Name = "empty", Path = disk }, _token, cancellationToken: Ct);
        await UntilAsync(async () => (await _infrastructure.ListImagesAsync(new(), _token, cancellationToken: Ct)).Images.Single().State == "ready", "the image is on the hosts");
        return image.ImageVersionId;
    }

    private async Task<Pool> PoolAsync(string name, Contract.Host host, string image) => await _pools.CreateAsync(new()
    {
        Name = name, Kind = PoolKind.Floating, Size = 1, HostIds = { host.HostId }, ImageVersionId = image, Cpus = 1, MemoryMib = 128, MachineNamePattern = $"{host.Name}-{{n:00}}",
    }, _token, cancellationToken: Ct);

    private async Task ResizeAsync(Pool pool, uint size) => await _pools.UpdateAsync(new() { PoolId = pool.PoolId, Size = size }, _token, cancellationToken: Ct);

    private async Task<Pool> PoolNowAsync(Pool pool) => (await _pools.ListAsync(new(), _token, cancellationToken: Ct)).Pools.Single(p => p.PoolId == pool.PoolId);

    private async Task TakeImageAwayAsync(LibvirtDaemons daemons, string image)
    {
        await using var command = _broker.Database.DataSource.CreateCommand("select authority_id from authority");
        var installation = (Guid)(await command.ExecuteScalarAsync(Ct))!;
        using var connection = LibvirtConnection.Open(daemons.Uri);
        using var pool = connection.FindStoragePool($"montalegre-{installation:N}")!;
        foreach (var volume in pool.Volumes())
            using (volume)
                if (volume.Name.Contains(image, StringComparison.Ordinal) || volume.Name.Contains(Guid.Parse(image).ToString("N"), StringComparison.Ordinal)) volume.Delete();
    }

    private static int Running(LibvirtDaemons daemons)
    {
        using var connection = LibvirtConnection.Open(daemons.Uri);
        return connection.Domains().Count(domain => { using (domain) return domain.IsActive; });
    }

    private static List<Guid> Domains(LibvirtDaemons daemons)
    {
        using var connection = LibvirtConnection.Open(daemons.Uri);
        return [.. connection.Domains().Select(domain => { using (domain) return domain.Uuid; }).Order()];
    }

    private static async Task UntilAsync(Func<Task<bool>> fact, string what) => Assert.True(await Eventually.IsTrueAsync(fact, Soon), $"Not in time: {what}");

    private static Task UntilAsync(Func<bool> fact, string what) => UntilAsync(() => Task.FromResult(fact()), what);
}

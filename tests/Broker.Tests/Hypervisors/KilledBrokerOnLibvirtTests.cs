using System.Reflection;
using Microsoft.Extensions.Logging.Abstractions;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Provisioning;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Broker.Tests.Agents;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Rig.Libvirt;
using Montalegre.Vdi.Rig.Stack;

namespace Montalegre.Vdi.Broker.Tests.Hypervisors;

/// <summary>
/// A broker that is killed after each act on a real libvirt, before it records that act: the next one ends with one running
/// domain on one disk. The guest has an empty disk; the test reports in place of its agent.
/// </summary>
public sealed class KilledBrokerOnLibvirtTests(FollowerBroker follower) : IClassFixture<FollowerBroker>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mvdk-").FullName;
    private readonly Arrange _rows = new(follower.Broker.Database.DataSource);
    private readonly OperationStore _operations = new(follower.Broker.Database.DataSource);
    private readonly HashSet<string> _killed = [];
    private CancellationTokenSource _life = new();
    private HypervisorDirectory _hosts = null!;
    private LibvirtDaemons _daemons = null!;
    private IHypervisor _host = null!;
    private PoolId _pool;
    private long _epoch = 1;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        _daemons = await LibvirtDaemons.StartAsync(Path.Combine(_folder, "lv"), null, Ct);
        _pool = await _rows.PoolAsync("floating");
        await _rows.ExecuteAsync("delete from operation; update host set uri = @uri, storage_path = @path where host_id = @id", new { uri = _daemons.Uri, path = _daemons.StoragePath, id = _pool.Value });
        await _rows.ExecuteAsync("update pool set memory_mib = 128 where pool_id = @id", new { id = _pool.Value });
        Database database = follower.Broker.Database.DataSource;
        // Hosts of other tests are in the same database; only this one is there.
        _hosts = new(database, host => Killing.Around(new LibvirtHypervisor(host, TimeProvider.System, NullLogger<LibvirtHypervisor>.Instance), KillOnce));
        await _hosts.RefreshAsync(Ct);
        _host = _hosts.For(new(_pool.Value));
        var disk = Path.Combine(_folder, "image.qcow2");
        await Rig.Postgres.Run.ToEndAsync("qemu-img", ["create", "-q", "-f", "qcow2", disk, "64M"], ct: Ct);
        await _host.EnsureImageAsync(new(_pool.Value), disk, null, Ct);
    }

    public async ValueTask DisposeAsync()
    {
        await _hosts.DisposeAsync();
        _daemons.StopMachines();
        await _daemons.DisposeAsync();
        _life.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Machine_is_made_refreshed_restarted_and_deleted_whole_by_brokers_that_are_killed_after_each_act()
    {
        var machine = await _rows.MachineAsync(_pool, "provisioning");
        await _rows.ExecuteAsync("update machine set host_id = @host, generation = 0, address = '127.0.0.1', port = @port where machine_id = @id", new { id = machine.Value, host = _pool.Value, port = LoopbackPorts.Free() });

        foreach (var (kind, kills, generation) in (IEnumerable<(string, int, int)>)[("provision", 4, 1), ("refresh", 5, 2), ("restart", 4, 2)])
        {
            await BeginAsync(machine, kind);
            Assert.Equal(kills, await RunAsync());
            await new AgentStore(follower.Broker.Database.DataSource).GreetAsync(machine, Guid.NewGuid(), new Hello { BootId = kind }, new(Guid.NewGuid()));
            Assert.Equal("available", await _rows.MachineStateAsync(machine));
            Assert.Equal(generation, await _rows.ScalarAsync<int>("select generation from machine where machine_id = @id", machine.Value));
            var domain = Assert.Single(await _host.ListAsync(Ct));
            Assert.Equal((machine, PowerState.On, generation), (domain.Machine, domain.Power, domain.Generation));
            Assert.Equal([(machine, generation)], await _host.ListOverlaysAsync(Ct));
        }

        await _rows.ExecuteAsync("update machine set state = 'deleting' where machine_id = @id", new { id = machine.Value });
        await BeginAsync(machine, "delete", state: null);
        Assert.Equal(2, await RunAsync());
        Assert.Equal(0, await _rows.ScalarAsync<int>("select count(*)::int from machine where machine_id = @id", machine.Value));
        Assert.Empty(await _host.ListAsync(Ct));
        Assert.All(Directory.EnumerateFiles(_daemons.StoragePath), file => Assert.StartsWith("image-", Path.GetFileName(file), StringComparison.Ordinal));
    }

    private async Task BeginAsync(MachineId machine, string kind, string? state = "provisioning")
    {
        _killed.Clear();
        if (state is not null) await _rows.ExecuteAsync("update machine set state = @state where machine_id = @id", new { id = machine.Value, state });
        await _rows.OperationAsync(machine, kind, "stop");
    }

    // Steps until only the agent is awaited; each killed broker is followed by the next one. Answers how many were killed.
    private async Task<int> RunAsync()
    {
        var kills = 0;
        for (var steps = 0; await _operations.ClaimAsync(4) is { } due; steps++)
        {
            Assert.True(steps < 40, $"{due.Kind} {due.Step} does not come to an end: {due.Error}");
            _life.Dispose();
            _life = new();
            try { await FakeHostPool.Runner(follower.Broker, follower.Broker.Database.DataSource, _hosts, TimeProvider.System).RunAsync(due, _epoch, _life.Token); }
            catch (OperationCanceledException) when (_life.IsCancellationRequested)
            {
                kills++;
                _epoch++;
                await _operations.TakeOverAsync();
            }
        }
        return kills;
    }

    private void KillOnce(string verb)
    {
        if (verb == nameof(IHypervisor.EnsureImageAsync) || !_killed.Add(verb)) return;
        _life.Cancel();
        throw new OperationCanceledException("The broker was killed here.", _life.Token);
    }

    /// <summary>Lets a host act, and then throws in place of its answer.</summary>
#pragma warning disable CA1852   // the proxy is made as a subtype
    private class Killing : DispatchProxy
#pragma warning restore CA1852
    {
        private IHypervisor _real = null!;
        private Action<string> _after = _ => { };

        public static IHypervisor Around(IHypervisor real, Action<string> after)
        {
            var made = Create<IHypervisor, Killing>();
            (((Killing)made)._real, ((Killing)made)._after) = (real, after);
            return made;
        }

        // The verbs that change a host answer a plain task; what only asks answers a value.
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var answer = targetMethod!.Invoke(_real, args);
            return targetMethod.ReturnType == typeof(Task) ? ThenAsync((Task)answer!, targetMethod.Name) : answer;
        }

        private async Task ThenAsync(Task act, string verb)
        {
            await act;
            _after(verb);
        }
    }
}

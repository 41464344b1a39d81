using Dapper;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Simulation;

/// <summary>
/// A morning on which nothing breaks: people come and go by one seed, the real statements place them, and what each of them waited is kept.
/// </summary>
internal sealed class RecordedMorning(SimulatedDatabase database, SimulatedBroker broker, int seed)
{
    public static readonly TimeSpan Step = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Boot = TimeSpan.FromSeconds(30);
    private const int Before = 20, Steps = 150, LastArrival = 90, AtOnce = 3;
    private readonly Random _chance = new(seed);
    private readonly Random _tickets = new(seed + 1);   // of its own: who comes does not depend on how often somebody asked
    private readonly Guid _node = Guid.NewGuid();
    private readonly Dictionary<MachineId, DateTimeOffset> _booting = [];
    private readonly List<(UserId User, string Name, RequestId Request, DateTimeOffset AskedAt, TimeSpan Stay)> _asking = [];
    private readonly List<(SessionId Session, MachineId Machine, DateTimeOffset LeavesAt)> _here = [];

    /// <summary>Who waited, and for how long.</summary>
    public Dictionary<string, TimeSpan> Waits { get; } = [];

    public int Arrivals { get; private set; }

    public PoolId Pool { get; } = new(Guid.NewGuid());

    private DateTimeOffset Now => database.Time.GetUtcNow();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async Task RunAsync(string kind, int size, int spare, int? seats, string distribution)
    {
        var (host, image) = (Guid.NewGuid(), Guid.NewGuid());
        await ExecuteAsync("insert into host (host_id, name, uri, network, storage_path) values (@host, 'host', 'test:///default', 'network:default', '/nowhere')", new { host });
        await ExecuteAsync("insert into image_version (image_version_id, name, number, state, path) values (@image, 'golden', 1, 'ready', '/nowhere')", new { image });
        await ExecuteAsync("""
            insert into pool (pool_id, name, kind, size, spare, image_version_id, machine_name_pattern, memory_mib, sessions_per_machine, distribution)
                 values (@pool, 'pool', @kind, @size, @spare, @image, 'm-{n}', 128, @seats, @distribution)
            """, new { pool = Pool.Value, kind, size, spare, image, seats, distribution });
        await ExecuteAsync("insert into pool_host (pool_id, host_id) values (@pool, @host)", new { pool = Pool.Value, host });
        await broker.Hosts.RefreshAsync(Ct);
        var hypervisor = (FakeHypervisor)broker.Hosts.All.Single();
        await hypervisor.EnsureImageAsync(new(image), "/nowhere", null, Ct);
        await broker.SweepAsync(hypervisor, Ct);
        hypervisor.After = (verb, machine) => { if (verb == nameof(hypervisor.StartAsync)) _booting[machine] = Now + Boot; };
        for (var step = -Before; step < Steps; step++)
        {
            await database.AdvanceAsync(Step);
            // The host is read all the time, and found as fast as ever.
            await ExecuteAsync("update host_reading set read_at = now(), starts_at_once = @AtOnce", new { AtOnce });
            await AgentsAsync();
            await LeaveAsync();
            if (step is >= 0 and < LastArrival) await ArriveAsync();
            foreach (var asked in _asking.ToList()) await AskAsync(asked);
            await broker.PassAsync(() => false, Ct);
        }
        Assert.Empty(_asking);
        Assert.Empty(_here);
    }

    private async Task AgentsAsync()
    {
        foreach (var machine in _booting.Where(b => b.Value <= Now).Select(b => b.Key).ToList())
        {
            _booting.Remove(machine);
            await broker.Agents.GreetAsync(machine, _node, new Hello { BootId = Guid.NewGuid().ToString() }, new(Guid.NewGuid()));
        }
    }

    private async Task LeaveAsync()
    {
        foreach (var gone in _here.Where(h => h.LeavesAt <= Now).ToList())
        {
            _here.Remove(gone);
            await broker.LogOffAsync(gone.Session, gone.Machine);
        }
    }

    // Now and then nobody, now and then a whole counter at once.
    private async Task ArriveAsync()
    {
        for (var n = _chance.Next(14) == 0 ? 4 : _chance.Next(8) == 0 ? 1 : 0; n > 0; n--)
        {
            var (user, name) = (new UserId(Guid.NewGuid()), $"p{Arrivals++:000}");
            await ExecuteAsync("insert into app_user (user_id, user_name, display_name) values (@user, @name, 'Somebody')", new { user = user.Value, name });
            await ExecuteAsync("insert into entitlement (pool_id, user_id) values (@pool, @user)", new { pool = Pool.Value, user = user.Value });
            _asking.Add((user, name, new(Guid.NewGuid()), Now, Step * _chance.Next(10, 40)));
        }
    }

    private async Task AskAsync((UserId User, string Name, RequestId Request, DateTimeOffset AskedAt, TimeSpan Stay) asked)
    {
        var ticket = new byte[32];
        _tickets.NextBytes(ticket);
        var answer = await broker.Launches.TryAsync(new(asked.Request, asked.User, Pool, null, new(Guid.NewGuid()), ticket, TimeSpan.FromSeconds(30), _tickets.Next()));
        if (LaunchPolicy.Decide(answer.Facts) is not Placement.Start start)
        {
            await broker.Launches.WaitAsync(asked.Request, asked.User, Pool);
            return;
        }
        _asking.Remove(asked);
        if (Now > asked.AskedAt) Waits.Add(asked.Name, Now - asked.AskedAt);
        Assert.NotNull(await broker.Sessions.SeeAsync(start.Machine, start.Session, new($"g-{start.Session}", asked.Name, false, start.Session, Now, null)));
        _here.Add((start.Session, start.Machine, Now + asked.Stay));
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(sql, parameters);
    }
}

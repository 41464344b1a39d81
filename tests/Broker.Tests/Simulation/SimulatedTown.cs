using Dapper;
using Montalegre.Vdi.Broker.Hypervisors;
using Montalegre.Vdi.Broker.Infrastructure;
using Montalegre.Vdi.Broker.Identity;
using Montalegre.Vdi.Broker.Launch;
using Montalegre.Vdi.Broker.Power;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;
using Montalegre.Vdi.Native.Libvirt;

namespace Montalegre.Vdi.Broker.Tests.Simulation;

/// <summary>Hosts, agents, people and what goes wrong, all from one seed. What happened stands in <see cref="Story"/>.</summary>
internal sealed class SimulatedTown(SimulatedDatabase database, SimulatedBroker broker, int seed)
{
    private const int People = 12;
    private static readonly TimeSpan Sweep = TimeSpan.FromSeconds(10);
    private readonly Random _chance = new(seed);
    private readonly Random _schedules = new(seed + 1);   // of its own, so that the same seeds still tell the same stories
    private readonly Random _losses = new(seed + 2);
    private readonly HashSet<HostId> _dark = [];
    private readonly Guid _node = Guid.NewGuid();
    private readonly Dictionary<MachineId, Boot> _boots = [];
    private readonly Dictionary<SessionId, Guest> _guests = [];
    private readonly HashSet<(MachineId Machine, int Generation)> _used = [];
    private readonly Dictionary<(UserId User, PoolId Pool), RequestId> _waiting = [];
    private readonly List<UserId> _people = [];
    private readonly List<PoolId> _pools = [];
    private readonly HashSet<HostId> _full = [];
    private DateTimeOffset _sweepAt;
    private int _images;
    private double _kills, _mute;

    private sealed record Boot(DateTimeOffset ReportsAt, bool Mute, string Id) { public bool Reported { get; set; } }

    private sealed record Guest(UserId User, PoolId Pool, MachineId Machine, DateTimeOffset LogsOnAt) { public bool IsOn { get; set; } }

    /// <summary>What happened, in order.</summary>
    public List<string> Story { get; } = [];

    private DateTimeOffset Now => database.Time.GetUtcNow();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private List<FakeHypervisor> Hosts => [.. broker.Hosts.All.Cast<FakeHypervisor>().OrderBy(h => h.Host.Value)];

    /// <summary>Two or three hosts, a floating pool and perhaps a dedicated one, and people who may use them.</summary>
    public async Task SettleAsync()
    {
        var image = await NewImageAsync();
        var hosts = new List<Guid>();
        for (var n = 0; n < 2 + _chance.Next(2); n++)
        {
            hosts.Add(NextId());
            await ExecuteAsync("insert into host (host_id, name, uri, network, storage_path) values (@id, @name, 'test:///default', 'network:default', '/nowhere')", new { id = hosts[n], name = $"host-{n}" });
        }
        if (seed % 2 == 0)
            await ExecuteAsync("with made as (insert into shared_storage (name, path) values (@name, '/nowhere') returning name) update host set shared_storage = @name from made", new { name = $"san-{seed}" });
        string[] kinds = _chance.Next(3) == 0 ? ["floating", "dedicated"] : ["floating"];
        foreach (var kind in seed % 3 == 0 ? [.. kinds, "multi_session"] : kinds)
        {
            var pool = new PoolId(NextId());
            _pools.Add(pool);
            await ExecuteAsync("""
                insert into pool (pool_id, name, kind, size, spare, image_version_id, machine_name_pattern, placement, memory_mib, sessions_per_machine, distribution, log_off_action, renew_hours)
                     values (@id, @kind, @kind, @size, @spare, @image, @pattern, @placement, 2048,
                             case when @kind = 'multi_session' then 3 end, @placement, case when @kind = 'multi_session' then 'refresh' end, 0);
                """, new { id = pool.Value, kind, size = 3 + _chance.Next(6), spare = _chance.Next(3) == 0 ? (int?)null : _chance.Next(4), image, pattern = kind.Replace('_', '-') + "-{n}", placement = _chance.Next(2) == 0 ? "breadth" : "depth" });
            await ExecuteAsync("insert into pool_host (pool_id, host_id) select @id, unnest(@hosts)", new { id = pool.Value, hosts = hosts.ToArray() });
            if (_schedules.Next(2) == 0) await ScheduleAsync(pool);
        }
        for (var n = 0; n < People; n++)
        {
            _people.Add(new(NextId()));
            await ExecuteAsync("insert into app_user (user_id, user_name, display_name) values (@id, @name, 'Somebody')", new { id = _people[n].Value, name = $"u{n}" });
            await ExecuteAsync("insert into entitlement (pool_id, user_id) select pool_id, @id from pool", new { id = _people[n].Value });
        }
        await broker.Hosts.RefreshAsync(Ct);
        foreach (var host in Hosts)
        {
            await host.EnsureImageAsync(new(image), "/nowhere", null, Ct);
            await broker.SweepAsync(host, Ct);
        }
        (_kills, _mute) = (_chance.Next(2) == 0 ? 0.03 : 0, _chance.Next(3) == 0 ? 0.3 : 0);
        _sweepAt = Now + Sweep;
    }

    // Windows of a few minutes, one after the other, so that every run meets some of their changes.
    private async Task ScheduleAsync(PoolId pool)
    {
        var first = (Now.Hour * 60) + Now.Minute;
        var windows = Enumerable.Range(0, 20).Select(n => new PowerWindow(ScheduleDays.All, first + (n * 6), first + (n * 6) + 1 + _schedules.Next(6), Wish())).Where(w => w.Until <= PowerWindow.DayMinutes).ToList();
        Assert.Null(await new PowerStore(database.DataSource).SetAsync(new(pool, "UTC", null, Wish() with { Open = true }, windows), new(new(Guid.Empty), "admin", "", Audience.Administrator, "", "")));
        Note($"pool {pool} has a schedule");

        PowerWish Wish() => new(Spare.Machines(_schedules.Next(4)), (IdleAction)_schedules.Next(4), _schedules.Next(5) > 0);
    }

    /// <summary>A few seconds in which anything may happen.</summary>
    public async Task LiveAsync()
    {
        await SomethingHappensAsync();
        await HostsAreLostAsync();
        await PassAsync();
        await PeopleAsync();
    }

    /// <summary>Whatever was broken is mended, everybody goes home, and the broker is given time.</summary>
    public async Task HealAsync()
    {
        foreach (var host in Hosts) host.Away = false;
        _dark.Clear();
        _full.Clear();
        (_kills, _mute) = (0, 0);
        foreach (var (machine, boot) in _boots.Where(b => b.Value.Mute).ToList()) _boots[machine] = boot with { Mute = false };
        foreach (var host in Hosts) await new HostStore(database.DataSource).SetStateAsync(host.Host, HostState.InService, "test", "");
        foreach (var (session, guest) in _guests.ToList()) await LogOffAsync(session, guest);
        foreach (var (user, pool) in _waiting.Keys.ToList()) await broker.Launches.LeaveQueueAsync(user, pool);
        _waiting.Clear();
        Note("everything is mended and everybody goes home");
    }

    /// <summary>A step of time for the broker and the agents.</summary>
    public async Task PassAsync(double seconds = 0)
    {
        await database.AdvanceAsync(TimeSpan.FromSeconds(seconds > 0 ? seconds : 2 + (_chance.NextDouble() * 6)));
        foreach (var host in Hosts) host.Before = (verb, machine) => BeforeAct(host, verb);
        foreach (var host in Hosts) host.After = (verb, machine) => { if (verb is nameof(IHypervisor.StartAsync) or nameof(IHypervisor.ResumeAsync)) Booted(machine); };
        await broker.PassAsync(() => _chance.NextDouble() < _kills, Ct);
        await AgentsAsync();
        if (Now < _sweepAt) return;
        _sweepAt = Now + Sweep;
        foreach (var host in Hosts) await broker.SweepAsync(host, Ct);
        await broker.EndOverdueAsync(Ct);
    }

    private void BeforeAct(FakeHypervisor host, string verb)
    {
        if (verb == nameof(IHypervisor.CreateOverlayAsync) && _full.Contains(host.Host)) throw new StorageFullException("No space left on device");
        if (_kills > 0 && _chance.NextDouble() < 0.02) throw new LibvirtException(LibvirtError.SystemError, 18, "internal error: something failed");
    }

    private void Booted(MachineId machine) =>
        _boots[machine] = new(Now.AddSeconds(12 + (_chance.NextDouble() * 30)), _chance.NextDouble() < _mute, NextId().ToString());

    // An agent reports when its domain runs and has booted; one whose domain stopped falls silent.
    private async Task AgentsAsync()
    {
        var on = Hosts.SelectMany(h => h.Truth).Where(d => d.Power == PowerState.On).ToDictionary(d => d.Machine);
        foreach (var (machine, boot) in _boots.ToList())
        {
            if (!on.ContainsKey(machine))
            {
                _boots.Remove(machine);
                foreach (var session in _guests.Where(g => g.Value.Machine == machine).Select(g => g.Key).ToList()) _guests.Remove(session);
                await broker.Agents.SilenceAsync([machine], _node, TimeSpan.Zero);
            }
            else if (!boot.Reported && !boot.Mute && boot.ReportsAt <= Now)
            {
                boot.Reported = true;
                await broker.Agents.GreetAsync(machine, _node, new Hello { BootId = boot.Id }, new(NextId()));
            }
        }
    }

    private async Task PeopleAsync()
    {
        // Those who wait ask again, as their open call does.
        foreach (var ((user, pool), request) in _waiting.ToList())
        {
            if (_chance.NextDouble() < 0.03)
            {
                _waiting.Remove((user, pool));
                await broker.Launches.LeaveQueueAsync(user, pool);
            }
            else await LaunchAsync(user, pool, request);
        }
        if (_chance.NextDouble() < 0.5) await LaunchAsync(_people[_chance.Next(People)], _pools[_chance.Next(_pools.Count)], new(NextId()));
        foreach (var (session, guest) in _guests.ToList())
        {
            if (!guest.IsOn && guest.LogsOnAt <= Now) await LogOnAsync(session, guest);
            else if (guest.IsOn && _chance.NextDouble() < 0.05) await LogOffAsync(session, guest);
        }
    }

    private async Task LaunchAsync(UserId user, PoolId pool, RequestId request)
    {
        var ticket = new byte[32];
        _chance.NextBytes(ticket);
        var answer = await broker.Launches.TryAsync(new(request, user, pool, null, new(NextId()), ticket, TimeSpan.FromSeconds(30), _chance.Next()));
        switch (LaunchPolicy.Decide(answer.Facts))
        {
            case Placement.Start start:
                _waiting.Remove((user, pool));
                Note($"{user} gets {answer.MachineName}");
                if (_chance.NextDouble() < 0.85) _guests[start.Session] = new(user, pool, start.Machine, Now.AddSeconds(_chance.Next(20)));
                break;
            case Placement.Wait:
                _waiting[(user, pool)] = request;
                var facts = await broker.Launches.WaitAsync(request, user, pool);
                Assert.InRange(facts.Place, 1, People);
                Assert.NotEqual(default, LaunchPolicy.Explain(facts).Reason);
                break;
            default:
                _waiting.Remove((user, pool));
                break;
        }
    }

    // INVARIANT: nobody logs on to a floating machine's disk that somebody else used; asked of the host, not of our records.
    private async Task LogOnAsync(SessionId session, Guest guest)
    {
        var domain = Hosts.SelectMany(h => h.Truth).SingleOrDefault(d => d.Machine == guest.Machine && d.Power == PowerState.On);
        if (domain is null || !_boots.TryGetValue(guest.Machine, out var boot) || !boot.Reported) return;   // the machine went meanwhile: the client is refused
        var seen = await broker.Sessions.SeeAsync(guest.Machine, session, new($"g-{session}", "somebody", false, session, Now, null));
        if (seen is null)
        {
            _guests.Remove(session);    // ended meanwhile
            return;
        }
        guest.IsOn = true;
        var fresh = _used.Add((guest.Machine, domain.Generation));
        if (await KindAsync(guest.Pool) == "floating") Assert.True(fresh, $"{guest.User} logged on to overlay {domain.Generation} of {domain.Name}, which somebody has used.");
    }

    private async Task LogOffAsync(SessionId session, Guest guest)
    {
        _guests.Remove(session);
        await broker.LogOffAsync(session, guest.Machine);
    }

    private async Task SomethingHappensAsync()
    {
        var host = Hosts[_chance.Next(Hosts.Count)];
        var domains = host.Truth.OrderBy(d => d.Name, StringComparer.Ordinal).ToList();
        switch (_chance.Next(30))
        {
            case 0 when !_dark.Contains(host.Host): host.Away = !host.Away; Note($"{host.Host} {(host.Away ? "does not answer" : "answers again")}"); break;
            case 1: if (!_full.Remove(host.Host)) _full.Add(host.Host); Note($"{host.Host} storage full or not"); break;
            case 2 when domains.Count > 0: var lost = domains[_chance.Next(domains.Count)]; host.Lose(lost.Machine, withDisks: !lost.Name.StartsWith("dedicated", StringComparison.Ordinal)); Note($"{lost.Name} is destroyed by hand"); break;
            case 3 when domains.Count > 0: var off = domains[_chance.Next(domains.Count)]; host.PowerOff(off.Machine); Note($"{off.Name} is switched off"); break;
            case 4: foreach (var one in domains) host.PowerOff(one.Machine); Note($"{host.Host} loses power"); break;
            case 5: var pool = _pools[_chance.Next(_pools.Count)]; var size = _chance.Next(9); await ExecuteAsync("update pool set size = @size where pool_id = @id", new { size, id = pool.Value }); Note($"pool {pool} has size {size}"); break;
            case 6: await ChangeImageAsync(); break;
            case 7: var state = (HostState)_chance.Next(3); await new HostStore(database.DataSource).SetStateAsync(host.Host, state, "test", ""); Note($"{host.Host} is {state}"); break;
            default: break;
        }
    }

    // The power of a whole host fails; sooner or later somebody says that it is off, and later still it is back.
    private async Task HostsAreLostAsync()
    {
        var host = Hosts[_losses.Next(Hosts.Count)];
        switch (_losses.Next(12))
        {
            case 0 when _dark.Count == 0: host.PowerCut(); _dark.Add(host.Host); Note($"{host.Host} is dark"); break;
            case 1 or 2 or 3 when _dark.Contains(host.Host) && host.Away: if (await new HostStore(database.DataSource).FenceAsync(host.Host, "test", "") is { } fenced) Note($"{host.Host} is fenced: {fenced}"); break;
            case 4 when _dark.Remove(host.Host): host.Away = false; Note($"{host.Host} is back"); break;
            default: break;
        }
    }

    private async Task ChangeImageAsync()
    {
        var image = await NewImageAsync();
        foreach (var host in Hosts)
        {
            var away = host.Away;
            host.Away = false;      // copying waits for hosts; what it comes to is the same
            await host.EnsureImageAsync(new(image), "/nowhere", null, Ct);
            host.Away = away;
        }
        await ExecuteAsync("update pool set image_version_id = @image", new { image });
        Note("a new image version");
    }

    private async Task<Guid> NewImageAsync()
    {
        var image = NextId();
        await ExecuteAsync("insert into image_version (image_version_id, name, number, state, path) values (@image, 'golden', @number, 'ready', '/nowhere')", new { image, number = ++_images });
        return image;
    }

    private async Task<string?> KindAsync(PoolId pool)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        return await connection.ExecuteScalarAsync<string>("select kind from pool where pool_id = @id", new { id = pool.Value });
    }

    private async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync(Ct);
        await connection.ExecuteAsync(sql, parameters);
    }

    private Guid NextId()
    {
        var bytes = new byte[16];
        _chance.NextBytes(bytes);
        return new(bytes);
    }

    private void Note(string what) => Story.Add($"{Now:HH:mm:ss} {what}");
}

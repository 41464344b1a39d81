using Microsoft.Extensions.DependencyInjection;
using Montalegre.Vdi.Broker.Agents;
using Montalegre.Vdi.Broker.Gateways;
using Montalegre.Vdi.Broker.Rollouts;
using Montalegre.Vdi.Broker.Sessions;
using Montalegre.Vdi.Broker.Tests.Provisioning;
using Montalegre.Vdi.Contracts.Agent.V1;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Tests.Rollouts;

/// <summary>A pool on a host in memory whose image is rolled out on a real database; gateway and agents say what a test wants.</summary>
internal sealed class RolledOutPool(TestBroker broker, FakeHostPool pool) : IAsyncDisposable
{
    private const int MostPasses = 300;
    private readonly ProbeStore _probes = new(broker.Database.DataSource);
    private readonly RolloutStore _store = broker.Services.GetRequiredService<RolloutStore>();
    private readonly AdvanceRollout _advance = broker.Services.GetRequiredService<AdvanceRollout>();

    public FakeHostPool Pool => pool;

    /// <summary>What the agents of machines made from the new version do.</summary>
    public bool NewOneReports { get; set; } = true;

    /// <summary>What the gateway says of a canary; null: the desktop came.</summary>
    public RefusalReason? GatewaySays { get; set; }

    /// <summary>False: no gateway takes a synthetic log-on.</summary>
    public bool GatewayThere { get; set; } = true;

    /// <summary>How long a log-on to a canary takes.</summary>
    public TimeSpan LogOn { get; set; } = TimeSpan.FromSeconds(3);

    public Guid NewVersion { get; private set; }

    public RolloutId Rollout { get; private set; }

    /// <summary>The fewest machines that were ready after any of our acts that took one; users do not count.</summary>
    public int FewestReady { get; private set; } = int.MaxValue;

    public static async Task<RolledOutPool> MakeAsync(TestBroker broker, int machines, string kind = "floating")
    {
        const int atOnce = 40;
        var made = new RolledOutPool(broker, await FakeHostPool.MakeAsync(broker, Math.Min(atOnce, machines), kind));
        await made.Pool.Rows.ExecuteAsync("update pool set memory_mib = 128 where pool_id = @id", new { id = made.Pool.Pool.Value });
        for (var pass = 0; await made.CountAsync("state = 'available'") is var there && there < machines; pass++)
        {
            Assert.True(pass < MostPasses, $"{there} of {machines} machines were made");
            if (there % atOnce == 0) await made.Pool.ResizeAsync(Math.Min(machines, there + atOnce));
            await made.Pool.RunAsync();
            await made.AgentsReportAsync();
        }
        made.NewVersion = Guid.NewGuid();
        await made.Pool.Rows.ExecuteAsync("insert into image_version (image_version_id, name, number, state, path) values (@id, @id::text, 1, 'ready', '/nowhere')", new { id = made.NewVersion });
        await made.Pool.Host.EnsureImageAsync(new(made.NewVersion), "/nowhere", null, TestContext.Current.CancellationToken);
        return made;
    }

    public async Task StartAsync(int canaries = 1, int wave = 25, int? keepReady = null, TimeSpan? startWithin = null, DateTime? forceAt = null)
    {
        Rollout = new(Guid.NewGuid());
        var wanted = new NewRollout(Rollout.Value, Pool.Pool.Value, NewVersion, canaries, wave, keepReady, 50, startWithin ?? TimeSpan.FromMinutes(5), forceAt, TimeSpan.FromMinutes(15));
        Assert.Null(await _store.StartAsync(wanted, "rui.costa", "127.0.0.1"));
    }

    public async Task<RolloutRow> RowAsync() => (await _store.OneAsync(Rollout, TestContext.Current.CancellationToken))!;

    public Task<bool> HaltAsync() => _store.HaltAsync(Rollout, "rui.costa", "");

    public Task<bool> ResumeAsync() => _store.ResumeAsync(Rollout, "rui.costa", "");

    public Task<bool> RollBackAsync() => _store.RollBackAsync(Rollout, "rui.costa", "");

    /// <summary>Turns the loops until the roll-out is in one of these states.</summary>
    public async Task UntilAsync(params string[] states)
    {
        for (var pass = 0; Array.IndexOf(states, (await RowAsync()).State) < 0; pass++)
        {
            Assert.True(pass < MostPasses, $"still {await RowAsync()} after {MostPasses} passes");
            await PassAsync();
        }
    }

    /// <summary>One pass of everything: roll-out, pool, agents and the gateway.</summary>
    public async Task PassAsync()
    {
        var before = await CountAsync("state = 'available' and drain_since is null");
        await _advance.RunAsync(TestContext.Current.CancellationToken);
        var after = await CountAsync("state = 'available' and drain_since is null");
        if (after < before) FewestReady = Math.Min(FewestReady, after);
        await Pool.RunAsync();
        await AgentsReportAsync();
        await GatewayLogsOnAsync();
    }

    /// <summary>The roll-out's own step alone: no machine is made meanwhile.</summary>
    public Task AdvanceOnlyAsync() => _advance.RunAsync(TestContext.Current.CancellationToken);

    public Task<int> CountAsync(string condition) => Pool.Rows.ScalarAsync<int>($"select count(*)::integer from machine where pool_id = @id and {condition}", Pool.Pool.Value);

    public Task<int> OnAsync(Guid version) => Pool.Rows.ScalarAsync<int>("select count(*)::integer from machine where pool_id = (select pool_id from rollout where to_version_id = @id) and image_version_id = @id", version);

    /// <summary>A person logs on to some machine and stays.</summary>
    public async Task<SessionId> PersonAsync()
    {
        var machine = await Pool.Rows.ScalarAsync<Guid>("select machine_id from machine where pool_id = @id and state = 'available' order by ordinal limit 1", Pool.Pool.Value);
        var session = await Pool.Rows.SessionAsync(new(machine), "active", "c1");
        await Pool.Rows.ExecuteAsync("""
            insert into logon_phase (session_id, name, started_at, ended_at)
                 values (@id, 'authenticate', now() - interval '3 seconds', now() - interval '2 seconds'), (@id, 'desktop', now() - interval '1 second', now())
            """, new { id = session.Value });
        return session;
    }

    public async Task LogOffAsync(SessionId session) =>
        Assert.True(await broker.Services.GetRequiredService<EndSession>().RunAsync(new(session, SessionEnd.LoggedOff, "agent")));

    public ValueTask DisposeAsync() => Pool.DisposeAsync();

    private async Task AgentsReportAsync()
    {
        var waiting = await Pool.Rows.ScalarAsync<Guid[]>($"""
            select coalesce(array_agg(machine_id), array[]::uuid[])
              from operation join machine m using (machine_id)
             where m.pool_id = @id and operation.state = 'running' and step = 'await_agent' and ({NewOneReports} or m.image_version_id = m.pool_id)
            """, Pool.Pool.Value);
        foreach (var machine in waiting)
        {
            await new AgentStore(broker.Database.DataSource).GreetAsync(new(machine), Guid.NewGuid(), new Hello { BootId = Guid.NewGuid().ToString() }, new(Guid.NewGuid()));
        }
    }

    private async Task GatewayLogsOnAsync()
    {
        if (!GatewayThere) return;
        var (gateway, session, sessions) = (new GatewayId(Guid.NewGuid()), new SessionId(Guid.NewGuid()), new SessionStore(broker.Database.DataSource));
        if (await _probes.BeginAsync(gateway, session, Guid.NewGuid().ToByteArray().Concat(Guid.NewGuid().ToByteArray()).ToArray()) is not { } probe) return;
        if (GatewaySays is null)
        {
            var machine = new MachineId(await Pool.Rows.ScalarAsync<Guid>("select machine_id from session where session_id = @id", session.Value));
            await sessions.SeeAsync(machine, session, new("c9", "montalegre-probe", false, session, DateTimeOffset.UtcNow, null));
            var began = DateTimeOffset.UtcNow;
            await sessions.PhaseAsync(machine, session, "authenticate", began, began);
            await sessions.PhaseAsync(machine, session, "desktop", began, began + LogOn);
        }
        await _probes.ResultAsync(gateway, probe, GatewaySays, new(20, 200, GatewaySays is null ? 900 : null));
    }
}

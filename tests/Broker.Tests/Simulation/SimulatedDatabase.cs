using Dapper;
using Microsoft.Extensions.Time.Testing;
using Montalegre.Vdi.Broker.Storage;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Simulation;

/// <summary>
/// A real database in which time is the simulation's: its own <c>now()</c> stands before PostgreSQL's in the search path,
/// reads a sequence, and so decides every lease, back-off and time-out of the real statements.
/// </summary>
internal sealed class SimulatedDatabase : IAsyncDisposable
{
    private static readonly DateTimeOffset Beginning = new(2026, 11, 23, 8, 0, 0, TimeSpan.Zero);
    private readonly TestDatabase _database;

    private SimulatedDatabase(TestDatabase database)
    {
        _database = database;
        // One session after the other uses the same connection, so that random() follows its seed.
        DataSource = DataSources.ForBrokering(database.ConnectionString + ";Search Path=sim,pg_catalog,public", connections: 4);
    }

    public NpgsqlDataSource DataSource { get; }

    public FakeTimeProvider Time { get; } = new(Beginning);

    public static async Task<SimulatedDatabase> MakeAsync(TestDatabase database)
    {
        await using (var owner = await database.Owner.OpenConnectionAsync())
            await owner.ExecuteAsync("""
                create schema if not exists sim;
                create sequence if not exists sim.clock;
                create or replace function sim.now() returns timestamptz language sql stable as 'select to_timestamp(last_value / 1e6) from sim.clock';
                create or replace function sim.clock_timestamp() returns timestamptz language sql stable as 'select to_timestamp(last_value / 1e6) from sim.clock';
                grant usage on schema sim to montalegre_app;
                grant select, update, usage on sequence sim.clock to montalegre_app;
                do $$
                declare d record;
                begin
                    for d in select c.relname, a.attname from pg_attrdef f join pg_class c on c.oid = f.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = f.adnum
                              where c.relnamespace = 'public'::regnamespace and pg_get_expr(f.adbin, f.adrelid) = 'now()'
                    loop
                        execute format('alter table public.%I alter column %I set default sim.now()', d.relname, d.attname);
                    end loop;
                end $$;
                """);
        return new(database);
    }

    /// <summary>An empty installation at the beginning of its time; <paramref name="seed"/> decides what is random in SQL.</summary>
    public async Task BeginAsync(int seed)
    {
        await using (var owner = await _database.Owner.OpenConnectionAsync())
            await owner.ExecuteAsync("""
                alter table audit_event disable trigger audit_event_kept;   -- another life begins; the record of this one is of no interest
                truncate host, shared_storage, pool, holiday_calendar, image_version, app_user, machine, session, operation, launch_request, change, audit_event, audit_open, machine_start, authority cascade;
                alter table audit_event enable trigger audit_event_kept;
                insert into authority (authority_id, certificate, wrapped_key) values (gen_random_uuid(), '\x00', '\x00');
                """);
        await using var connection = await DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("select setseed(@seed)", new { seed = new Random(seed).NextDouble() });
        await AdvanceAsync(TimeSpan.Zero);
    }

    /// <summary>Lets time pass, for the database and for the program.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        Time.Advance(by);
        await using var connection = await DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync("select setval('sim.clock', @at)", new { at = (Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / 10 });
    }

    public ValueTask DisposeAsync() => DataSource.DisposeAsync();
}

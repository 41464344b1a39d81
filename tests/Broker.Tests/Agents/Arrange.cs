using System.Buffers.Text;
using System.Security.Cryptography;
using Dapper;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Tests.Agents;

/// <summary>Makes rows as the slices that own them would, for tests of agents, gateways and sessions.</summary>
internal sealed class Arrange(NpgsqlDataSource database)
{
    private int _count;

    public Task<PoolId> PoolAsync(string kind) => PoolAsync(kind, kind == "multi_session" ? 4 : null, "breadth");

    /// <summary>A multi-session pool of ten machines at most.</summary>
    public Task<PoolId> SharedPoolAsync(int seats, string distribution = "breadth") => PoolAsync("multi_session", seats, distribution);

    private async Task<PoolId> PoolAsync(string kind, int? seats, string distribution)
    {
        var pool = Guid.NewGuid();
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            with image as (
                   insert into image_version (image_version_id, name, number, state, path)
                        values (@pool, @pool::text, 1, 'ready', '/nowhere')
            ), at as (
                   insert into host (host_id, name, uri, network, storage_path)
                        values (@pool, @pool::text, 'test:///default', 'user', '/nowhere')
            )
            select 1
            """, new { pool });
        await connection.ExecuteAsync("""
            with made as (insert into pool (pool_id, name, kind, size, image_version_id, sessions_per_machine, distribution) values (@pool, @pool::text, @kind, 10, @pool, @seats, @distribution) returning pool_id)
            insert into pool_host (pool_id, host_id) select pool_id, pool_id from made
            """, new { pool, kind, seats, distribution });
        return new(pool);
    }

    public async Task<MachineId> MachineAsync(PoolId pool, string state, bool manual = false)
    {
        var machine = Guid.NewGuid();
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            "insert into machine (machine_id, pool_id, name, ordinal, manual, state, generation) values (@machine, @pool, @machine::text, @ordinal, @manual, @state, 1)",
            new { machine, pool = pool.Value, ordinal = Interlocked.Increment(ref _count), manual, state });
        return new(machine);
    }

    /// <summary>A machine of a new pool.</summary>
    public async Task<MachineId> MachineAsync(string kind, string state) => await MachineAsync(await PoolAsync(kind), state, manual: kind == "manual");

    public async Task<OperationId> OperationAsync(MachineId machine, string kind, string step)
    {
        var operation = Guid.NewGuid();
        await ExecuteAsync(
            "insert into operation (operation_id, kind, machine_id, step, state) values (@operation, @kind, @machine, @step, 'running')",
            new { operation, kind, machine = machine.Value, step });
        return new(operation);
    }

    public async Task<UserId> UserAsync()
    {
        var user = Guid.NewGuid();
        await ExecuteAsync("insert into app_user (user_id, user_name, display_name) values (@user, @name, 'Ana Silva')", new { user, name = $"u{user:N}" });
        return new(user);
    }

    /// <summary>An open session of a new user, and the machine in the state that goes with it.</summary>
    public async Task<SessionId> SessionAsync(MachineId machine, string state, string? guest = null)
    {
        var session = Guid.NewGuid();
        var user = await UserAsync();
        await ExecuteAsync(
            """
            with taken as (
                   update machine m
                      set state = case when @state = 'pending' then 'reserved' else 'in_use' end,
                          used_generation = case when @state <> 'pending' and p.kind = 'floating' and not m.manual then m.generation end
                     from pool p
                    where m.machine_id = @machine
                      and p.pool_id = m.pool_id
                returning m.machine_id, m.pool_id, m.name
            )
            insert into session (session_id, request_id, user_id, pool_id, machine_id, machine_name, state, guest_session_id)
                 select @session, @session, @user, pool_id, machine_id, name, @state, @guest
                   from taken
            """, new { session, user = user.Value, machine = machine.Value, state, guest });
        return new(session);
    }

    /// <summary>A ticket of a session; the answer is what the client carries.</summary>
    public async Task<string> TicketAsync(SessionId session, string? client = null, int seconds = 30)
    {
        var bytes = RandomNumberGenerator.GetBytes(32);
        await ExecuteAsync(
            """
            insert into ticket (ticket_sha256, session_id, user_id, machine_id, client_address, expires_at)
                 select @hash, session_id, user_id, machine_id, @client, now() + make_interval(secs => @seconds)
                   from session
                  where session_id = @session
            """, new { hash = SHA256.HashData(bytes), session = session.Value, client, seconds });
        return Base64Url.EncodeToString(bytes);
    }

    public Task<string> MachineStateAsync(MachineId machine) => ScalarAsync<string>("select state from machine where machine_id = @id", machine.Value);

    public Task<string> SessionStateAsync(SessionId session) => ScalarAsync<string>("select state from session where session_id = @id", session.Value);

    /// <summary>Kind and step of the machine's running operation; null when there is none.</summary>
    public Task<string?> RunningAsync(MachineId machine) =>
        ScalarAsync<string?>("select kind || ' ' || step from operation where machine_id = @id and state = 'running'", machine.Value);

    public Task<int> AuditsAsync(Guid about, string action) =>
        ScalarAsync<int>($"select count(*)::integer from audit_event where object_id = @id and action = '{action}'", about);

    public async Task<T> ScalarAsync<T>(string sql, Guid id)
    {
        await using var connection = await database.OpenConnectionAsync();
        return (await connection.ExecuteScalarAsync<T>(sql, new { id }))!;
    }

    public async Task ExecuteAsync(string sql, object parameters)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(sql, parameters);
    }
}

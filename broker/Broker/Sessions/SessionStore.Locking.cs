using Dapper;
using Montalegre.Vdi.Broker.Hosting;
using Montalegre.Vdi.Domain;

namespace Montalegre.Vdi.Broker.Sessions;

/// <summary>A session whose screen is to be covered, or is to be seen again.</summary>
internal sealed record LockRow
{
    public Guid SessionId { get; init; }
    public Guid MachineId { get; init; }
    public string State { get; init; } = "";
    public string? GuestSessionId { get; init; }
    public bool LockHeld { get; init; }
    public bool Locked { get; init; }
}

internal sealed partial class SessionStore
{
    // Locked again at every report: a sign-in made since the first one may be another terminal's, whose card is out now.
    private const string LockOfCard =
        """
        with before as (
               select s.session_id, s.locked_since is null as fresh
                 from session s
                 join pool p using (pool_id)
                where s.user_id = @user
                  and s.state <> 'ended'
                  and p.card_removal = 'lock'
                order by s.session_id
                  for no key update of s
        ), locked as (
               update session s
                  set locked_since = clock_timestamp(), return_key_sha256 = @key     -- not the transaction's: a launch that began meanwhile did not see this
                 from before b
                where s.session_id = b.session_id
            returning s.session_id, s.machine_id, s.machine_name, s.state, s.guest_session_id, s.lock_held, b.fresh
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                    select @actor, 'session.locked', 'session', session_id, machine_name, @source
                      from locked
                     where fresh
        )
        select session_id, machine_id, state, guest_session_id, lock_held, true as locked from locked
        """;

    // INVARIANT: nothing unlocks but a sign-in of the same person that is newer than the lock. Here it is shown itself; a ticket
    // (GatewayStore.Redeem) is newer than the lock only if such a sign-in asked for it (LaunchStore).
    private const string UnlockOfCard =
        """
        with unlocked as (
               update session s
                  set locked_since = null, return_key_sha256 = null, unlocked_at = now()
                where s.user_id = @user
                  and s.state <> 'ended'
                  and s.return_key_sha256 = @key
                  and exists (select from sign_in i where i.token_sha256 = @signIn and i.created_at > s.locked_since)
            returning s.session_id, s.machine_id, s.machine_name, s.state, s.guest_session_id, s.lock_held
        ), audited as (
               insert into audit_event (actor, action, object_kind, object_id, object_name, source_address)
                    select @actor, 'session.unlocked', 'session', session_id, machine_name, @source
                      from unlocked
        )
        select session_id, machine_id, state, guest_session_id, lock_held, false as locked from unlocked
        """;

    // What the orders of the moment left behind: an agent that was away, a logon that was under way when the card was taken out.
    private const string LockDue =
        """
        select s.session_id, s.machine_id, s.state, s.guest_session_id, s.lock_held, s.locked_since is not null as locked
          from session s
          join machine_agent a on a.machine_id = s.machine_id and a.connected and a.node_id = @node
         where (s.locked_since is not null or s.lock_held) and s.state <> 'ended'
           and s.guest_session_id is not null
           and (s.state = 'active' and s.locked_since is not null and not s.lock_held
                or s.locked_since is null and s.lock_held and coalesce(s.unlocked_at <= now() - @patience, true))
         limit @most
        """;

    /// <summary>Locks the open sessions of somebody whose pools say so when his card is taken out.</summary>
    public Task<IReadOnlyList<LockRow>> LockOfCardAsync(UserId user, byte[] returnKeySha256, string actor, string source) =>
        LockRowsAsync(LockOfCard, new { user = user.Value, key = returnKeySha256, actor, source });

    /// <summary>Unlocks what the terminal with that key had locked, for a sign-in that is newer than the lock.</summary>
    public Task<IReadOnlyList<LockRow>> UnlockOfCardAsync(UserId user, byte[] returnKeySha256, byte[] signInSha256, string actor, string source) =>
        LockRowsAsync(UnlockOfCard, new { user = user.Value, key = returnKeySha256, signIn = signInSha256, actor, source });

    /// <summary>True when the person has a session that this key belongs to.</summary>
    public async Task<bool> LockedByAsync(UserId user, byte[] returnKeySha256)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<bool>(
            "select exists (select from session where user_id = @user and state <> 'ended' and return_key_sha256 = @key)", new { user = user.Value, key = returnKeySha256 });
    }

    /// <summary>Sessions of agents of this node whose screen is not as their lock says.</summary>
    public async Task<IReadOnlyList<LockRow>> LockDueAsync(Node node, TimeSpan patience, int most, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return (await connection.QueryAsync<LockRow>(new CommandDefinition(LockDue, new { node = node.Id, patience, most }, cancellationToken: ct))).AsList();
    }

    /// <summary>Records whether a locker covers the screen; answers whether one should.</summary>
    public async Task<bool> HeldAsync(MachineId machine, SessionId session, bool held)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteScalarAsync<bool>(
            """
            with held as (
                   update session
                      set lock_held = @held
                    where session_id = @session
                      and machine_id = @machine
                      and state <> 'ended'
                      and lock_held <> @held
            )
            select locked_since is not null and state <> 'ended' from session where session_id = @session
            """, new { machine = machine.Value, session = session.Value, held });
    }

    /// <summary>Records that a locker ended by itself. False: that was known, or nothing should be locked.</summary>
    public async Task<bool> LockLostAsync(MachineId machine, SessionId session)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return await connection.ExecuteAsync(
            """
            with lost as (
                   update session
                      set lock_held = false
                    where session_id = @session
                      and machine_id = @machine
                      and state <> 'ended'
                      and lock_held
                      and locked_since is not null
                returning session_id, machine_name
            )
            insert into audit_event (actor, action, object_kind, object_id, object_name, outcome)
                 select machine_name, 'session.lock_lost', 'session', session_id, machine_name, 'LOCK_FAILED'
                   from lost
            """, new { machine = machine.Value, session = session.Value }) > 0;
    }

    private async Task<IReadOnlyList<LockRow>> LockRowsAsync(string sql, object parameters)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        return (await connection.QueryAsync<LockRow>(sql, parameters)).AsList();
    }
}

using Dapper;
using Montalegre.Vdi.Broker.Storage;
using Montalegre.Vdi.Domain;
using Npgsql;

namespace Montalegre.Vdi.Broker.Machines;

/// <summary>SQL of the lasting bond between a person and a machine of a dedicated pool, or a computer of a manual one, as IT makes and ends it.</summary>
internal sealed class AssignmentStore(Database database)
{
    /// <summary>Binds a machine; answers what stood in the way, or null. One that somebody has, or that has somebody on it, is not given away.</summary>
    public async Task<RefusalReason?> AssignAsync(MachineId machine, string userName, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        try
        {
            var (there, known, entitled, bound) = await connection.QuerySingleAsync<(bool There, bool Known, bool Entitled, bool Bound)>("""
                with wanted as materialized (
                    select m.machine_id, m.pool_id, (p.kind = 'dedicated' or (p.kind = 'manual' and p.sessions_per_machine is null)) and not p.deleting and m.assigned_user_id is null and m.state not in ('deleting', 'reserved', 'in_use') as free
                      from machine m join pool p using (pool_id)
                     where m.machine_id = @machine
                       for update of m
                ), person as materialized (
                    select u.user_id, exists (select from wanted w join entitled_person e on e.pool_id = w.pool_id and e.user_id = u.user_id) as entitled
                      from app_user u
                     where u.user_name = @userName and u.enabled
                ), bound as (
                    update machine m
                       set assigned_user_id = person.user_id
                      from wanted, person
                     where m.machine_id = wanted.machine_id and wanted.free and person.entitled
                       and not exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended')
                 returning m.machine_id, m.name, m.assigned_user_id
                ), audited as (
                    insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                         select @actor, 'machine.assign', 'machine', machine_id, name, @userName, @source from bound
                )
                select exists (select from wanted), exists (select from person), exists (select from person where entitled), exists (select from bound)
                """, new { machine = machine.Value, userName, actor, source });
            return (there, known, entitled, bound) switch
            {
                (false, _, _, _) or (_, false, _, _) => RefusalReason.NotFound,
                (_, _, false, _) => RefusalReason.NotEntitled,
                (_, _, _, false) => RefusalReason.NotAssignable,
                _ => null,
            };
        }
        // machine_one_per_assignment_uq: the person has another machine of this pool.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation) { return RefusalReason.NotAssignable; }
    }

    /// <summary>
    /// Takes a machine back. It goes back to its image version in the same statement, because what somebody kept on it is
    /// nobody else's business; an existing computer has none and stays as it is. Answers what stood in the way, or null.
    /// </summary>
    public async Task<RefusalReason?> UnassignAsync(MachineId machine, OperationId refresh, string actor, string source)
    {
        await using var connection = await database.OpenConnectionAsync(CancellationToken.None);
        var (assigned, freed) = await connection.QuerySingleAsync<(bool Assigned, bool Freed)>("""
            with wanted as materialized (
                select m.machine_id, m.manual, u.user_name, exists (select from session s where s.machine_id = m.machine_id and s.state <> 'ended') as open
                  from machine m join app_user u on u.user_id = m.assigned_user_id
                 where m.machine_id = @machine and m.state <> 'deleting'
                   for update of m
            ), freed as (
                update machine m
                   set assigned_user_id = null, state = case when m.manual then m.state else 'provisioning' end, state_since = case when m.manual then m.state_since else now() end
                  from wanted
                 where m.machine_id = wanted.machine_id and not wanted.open and m.state not in ('reserved', 'in_use')
             returning m.machine_id, m.name, m.manual, wanted.user_name
            ), refreshed as (
                insert into operation (operation_id, kind, machine_id, step, state, cause, asked_by)
                     select @refresh, 'refresh', machine_id, 'stop', 'running', 'person', @actor from freed where not manual
                on conflict (machine_id) where state = 'running' do update
                        set kind = 'refresh', step = 'stop', attempts = 0, error = null, reason = null, step_since = now(), next_attempt_at = now(), deadline = null,
                            cause = excluded.cause, asked_by = excluded.asked_by, resumes_to = null
            ), audited as (
                insert into audit_event (actor, action, object_kind, object_id, object_name, reference, source_address)
                     select @actor, 'machine.unassign', 'machine', machine_id, name, user_name, @source from freed
            )
            select exists (select from wanted), exists (select from freed)
            """, new { machine = machine.Value, refresh = refresh.Value, actor, source });
        return (assigned, freed) switch { (false, _) => RefusalReason.NotFound, (_, false) => RefusalReason.InUse, _ => null };
    }
}

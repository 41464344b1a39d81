-- Multi-session pools: a machine serves as many people at once as it has seats. A manual pool may share its machines too.
alter table pool drop constraint pool_kind_check;
alter table pool add constraint pool_kind_check check (kind in ('floating', 'dedicated', 'manual', 'multi_session'));
alter table pool add column sessions_per_machine integer;              -- null: one, and the machine is that person's as long as the session lasts
alter table pool add constraint pool_sessions_per_machine_ck check (
    case when sessions_per_machine is null then kind <> 'multi_session' else sessions_per_machine between 1 and 500 and kind in ('multi_session', 'manual') end);
alter table pool add column distribution text not null default 'breadth' constraint pool_distribution_ck check (distribution in ('breadth', 'depth'));
-- A shared machine that has been made longer ago than this is renewed by the pool's log-off action as soon as nobody is on it.
alter table pool add column renew_hours integer not null default 20 constraint pool_renew_hours_ck check (renew_hours between 0 and 8760);
alter table machine add column overlay_at timestamptz;                  -- when its present overlay was made; null: not known, so it is old

-- INVARIANT: one seat of a machine is one person's at a time. A machine that is not shared has the one seat 0.
alter table session add column machine_seat integer not null default 0 constraint session_machine_seat_ck check (machine_seat >= 0);
drop index session_one_open_per_machine_uq;
create unique index session_machine_seat_uq on session (machine_id, machine_seat) where state <> 'ended';
alter table session drop column multi_session;

-- Asked while the machine's row is locked, these see what was committed while the lock was waited for; the statement's own snapshot does not.
create function nobody_is_on(machine uuid) returns boolean language plpgsql volatile as $$
begin
    return not exists (select from session s where s.machine_id = machine and s.state <> 'ended');
end $$;

-- The lowest free seat of a locked machine; null: none. Sessions beyond the seats, which were more once, narrow them: never more people than seats.
create function free_seat(machine uuid, seats integer) returns integer language plpgsql volatile as $$
begin
    return (select n
              from generate_series(0, seats - 1 - (select count(*) from session s
                                                    where s.machine_id = machine and s.state <> 'ended' and s.machine_seat >= seats)::integer) n
             where not exists (select from session s where s.machine_id = machine and s.machine_seat = n and s.state <> 'ended')
             order by n
             limit 1);
end $$;

-- A roll-out lets nobody new on a shared machine of the other version, and so empties it; it is let go with the roll-out.
alter table machine add column drained_with_rollout boolean not null default false;

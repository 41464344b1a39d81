-- Where computers of manual pools hear the packet that wakes them.
create table wake_address (
    machine_id  uuid not null references machine on delete cascade,
    mac         macaddr not null,
    broadcast   inet,                                              -- of its subnet; null: every interface that the broker wakes from
    port        integer not null default 9 check (port between 1 and 65535),
    learned     boolean not null,                                  -- told by its agent; nobody's agent changes what IT wrote down
    primary key (machine_id, mac)
);
comment on table wake_address is 'wake_address is a table where each row is one network card that wakes a computer.';
create trigger wake_address_inserted after insert on wake_address referencing new table as new_rows for each statement execute function record_change('machine', 'machine_id');
create trigger wake_address_updated after update on wake_address referencing new table as new_rows for each statement execute function record_change('machine', 'machine_id');

-- What the leader looks for while people wait.
create index machine_silent_manual_ix on machine (pool_id) where manual and state = 'unreachable';

-- How long the last starts of a pool's machines took from power-on to their agent, in seconds, at a share of them; null: none was measured.
create function start_seconds(of_pool uuid, share double precision) returns double precision language sql stable as $$
    select percentile_cont(share) within group (order by extract(epoch from d.ended_at - d.powered_on_at))
      from (select s.powered_on_at, s.ended_at from machine_start s where s.pool_id = of_pool and s.reported order by s.ended_at desc limit 50) d
$$;

-- Every start of a machine as it was measured: a host's pace and a queue's estimate are read from it. History, so no foreign keys.
create table machine_start (
    host_id        uuid,
    pool_id        uuid not null,
    machine_id     uuid not null,
    asked_at       timestamptz not null,                           -- when the operation was recorded
    powered_on_at  timestamptz not null,
    ended_at       timestamptz not null,
    reported       boolean not null                                -- false: its agent never reported within the deadline
);
comment on table machine_start is 'machine_start is a table where each row is one measured start of a machine.';
create index machine_start_host_ix on machine_start (host_id, ended_at desc);
create index machine_start_pool_ix on machine_start (pool_id, ended_at desc) where reported;

-- How many machines the host should start at once, as the leader last worked it out; null until it has.
alter table host_reading add column starts_at_once integer check (starts_at_once between 1 and 256);

-- Failed attempts at making machines since the last that became ready; a pool with some pauses, its ready machines serve on.
alter table pool add column creation_failures integer not null default 0;
alter table pool add column creation_held_until timestamptz;
alter table pool add column creation_error text;

-- What the broker asks every few seconds, at any number of machines.
create index machine_faulted_ix on machine (state_since) where state = 'faulted';
create index machine_agent_node_ix on machine_agent (node_id) where connected;

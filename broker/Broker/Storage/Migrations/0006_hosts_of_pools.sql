-- A pool may use several hosts; a host may be taken out of service.
alter table host add column state text not null default 'in_service' constraint host_state_ck check (state in ('in_service', 'draining', 'maintenance'));

-- What the leader last read of a host: placement counts with it.
create table host_reading (
    host_id          uuid primary key references host on delete cascade,
    reached          boolean not null,
    cpus             integer not null default 0,
    memory_mib       bigint not null default 0,
    free_memory_mib  bigint not null default 0,
    cpu_pressure     double precision,                             -- PSI, cpu some avg60; null where it cannot be read
    read_at          timestamptz not null default now()
) with (fillfactor = 50);
comment on table host_reading is 'host_reading is a table where each row is what a host last said of its memory and processors.';

create table pool_host (
    pool_id  uuid not null references pool on delete cascade,
    host_id  uuid not null references host,
    primary key (pool_id, host_id)
);
comment on table pool_host is 'pool_host is a table where each row says that a pool may have machines on a host.';
create index pool_host_host_ix on pool_host (host_id);
insert into pool_host (pool_id, host_id) select pool_id, host_id from pool where host_id is not null;

alter table pool drop constraint pool_source_ck;
alter table pool add constraint pool_source_ck check (kind = 'manual' or image_version_id is not null);
alter table pool drop column host_id;
alter table pool add column placement text not null default 'breadth' constraint pool_placement_ck check (placement in ('breadth', 'depth'));
alter table pool add column most_per_host integer constraint pool_most_per_host_ck check (most_per_host between 1 and 5000);
-- Why no host takes the next machine right now; null when one does.
alter table pool add column placement_reason text;
alter table pool add column placement_detail text;

create index machine_host_ix on machine (host_id);
-- Drained because its host is: it comes back with the host, and one that IT drained by hand does not.
alter table machine add column drained_with_host boolean not null default false;

-- Which hosts were looked at for this machine, and why this one was taken.
alter table operation add column trace jsonb;

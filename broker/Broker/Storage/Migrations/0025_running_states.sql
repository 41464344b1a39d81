-- Machines of a floating pool may be started from the saved running state of their image instead of booted.
alter table pool add column instant boolean not null default false;
alter table pool add constraint pool_instant_ck check (not instant or kind = 'floating');

create table running_state (
    running_state_id  uuid primary key,                           -- also of the domain while it is made, and of its files
    host_id           uuid not null references host on delete cascade,
    image_version_id  uuid not null,                              -- no key: the files may outlive the version
    cpus              integer not null,                           -- QEMU restores only what is built alike
    memory_mib        integer not null,
    state             text not null check (state in ('preparing', 'ready', 'failed', 'bad')),   -- failed: has no files; bad: has, but is not used
    state_since       timestamptz not null default now(),
    error             text
);
comment on table running_state is 'running_state is a table where each row is one machine that was booted and saved on a host, for others to be started from.';
create unique index running_state_one_of_a_kind_uq on running_state (host_id, image_version_id, cpus, memory_mib) where state in ('preparing', 'ready');

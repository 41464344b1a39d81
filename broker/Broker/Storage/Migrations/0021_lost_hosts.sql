-- Hosts that see the same folder at the same path. A machine's disk there can be opened by any of them, never by two at once.
create table shared_storage (
    name            text primary key check (length(name) between 1 and 80),
    path            text not null,
    -- Silence after which the storage itself has taken a host's locks away (NFSv4 leases, sanlock); null: it never does.
    takeover_after  interval check (takeover_after >= interval '2 minutes'),
    constraint shared_storage_path_uq unique (name, path)
);
comment on table shared_storage is 'shared_storage is a table where each row is one folder that several hosts keep machines in.';
alter table host add column shared_storage text;
-- The path is in the key: overlays name their image by it, so hosts that share a storage must call it the same.
alter table host add constraint host_shared_storage_fk foreign key (shared_storage, storage_path) references shared_storage (name, path);

-- When somebody confirmed that the host is switched off; over as soon as it answers and nothing of before is left on it.
alter table host add column fenced_at timestamptz;
alter table host_reading add column silent_since timestamptz;         -- null: it answers

-- INVARIANT: a machine starts on another host only after this row says where its domain may still be, and it never goes back
-- to a host that has one. No key to machine: the domain may outlive the record.
create table stray_domain (
    machine_id  uuid not null,
    host_id     uuid not null references host on delete cascade,
    since       timestamptz not null default now(),
    primary key (machine_id, host_id)
);
comment on table stray_domain is 'stray_domain is a table where each row is a host that may still have a domain of a machine that is elsewhere.';
create index stray_domain_host_ix on stray_domain (host_id);

-- A running machine moves to another host of the same storage, with whoever is on it.
alter table operation drop constraint operation_kind_check;
alter table operation add constraint operation_kind_check
    check (kind in ('provision', 'refresh', 'restart', 'delete', 'publish', 'sleep', 'wake', 'move'));

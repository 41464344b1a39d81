-- Times are timestamptz from now(): database time decides every lease and timeout (architecture, invariant 13).
-- States are text with a check, so that a dump can be read at night.

create table host (
    host_id       uuid primary key,
    name          text not null constraint host_name_uq unique,
    uri           text not null,                                  -- any libvirt URI
    network       text not null,                                  -- user | network:<name> | bridge:<name>
    storage_path  text not null,
    created_at    timestamptz not null default now()
);
comment on table host is 'host is a table where each row is one hypervisor connection.';

create table image_version (
    image_version_id  uuid primary key,
    name              text not null,
    number            integer not null,
    state             text not null check (state in ('publishing', 'ready', 'retired', 'failed')),
    path              text not null,
    sha256            bytea,
    size_bytes        bigint,
    error             text,
    published_at      timestamptz not null default now(),
    constraint image_version_number_uq unique (name, number)
);
comment on table image_version is 'image_version is a table where each row is one frozen state of a golden image.';

create table pool (
    pool_id               uuid primary key,
    name                  text not null constraint pool_name_uq unique,
    description           text not null default '',
    kind                  text not null check (kind in ('floating', 'dedicated', 'manual')),
    size                  integer not null check (size between 0 and 5000),
    enabled               boolean not null default true,
    deleting              boolean not null default false,
    image_version_id      uuid references image_version,
    host_id               uuid references host,
    cpus                  integer not null default 1 check (cpus between 1 and 64),
    memory_mib            integer not null default 1024 check (memory_mib between 128 and 1048576),
    machine_name_pattern  text not null default '',
    created_at            timestamptz not null default now(),
    constraint pool_source_ck check (kind = 'manual' or (image_version_id is not null and host_id is not null))
);
comment on table pool is 'pool is a table where each row is a set of machines managed alike.';

create table app_user (
    user_id        uuid primary key,
    user_name      text not null constraint app_user_name_uq unique check (user_name = lower(user_name)),
    display_name   text not null,
    password_hash  text,
    enabled        boolean not null default true,
    administrator  boolean not null default false,
    created_at     timestamptz not null default now()
);
comment on table app_user is 'app_user is a table where each row is one person who may sign in.';

create table entitlement (
    pool_id     uuid not null references pool on delete cascade,
    user_id     uuid not null references app_user on delete cascade,
    granted_at  timestamptz not null default now(),
    primary key (pool_id, user_id)
);
create index entitlement_user_ix on entitlement (user_id);

create table machine (
    machine_id          uuid primary key,                          -- also the libvirt domain's and SMBIOS UUID
    pool_id             uuid not null references pool,
    name                text not null constraint machine_name_uq unique,
    ordinal             integer not null,
    manual              boolean not null default false,            -- never refreshed or deleted on a hypervisor by us
    state               text not null check (state in ('provisioning', 'available', 'reserved', 'in_use', 'unreachable', 'faulted', 'deleting')),
    state_since         timestamptz not null default now(),
    power               text not null default 'unknown' check (power in ('on', 'off', 'unknown')),
    rank                integer not null default (random() * 2147483646)::integer,   -- stable random order of the pick
    drain_since         timestamptz,
    assigned_user_id    uuid references app_user,                  -- dedicated pools: the lasting bond
    host_id             uuid references host,
    image_version_id    uuid references image_version,             -- what its overlay was made from
    generation          integer not null default 0,                -- counts overlays; a new one for every refresh
    address             text,                                      -- where the gateway reaches RDP; null: the agent's first address
    port                integer check (port between 1 and 65535),
    created_at          timestamptz not null default now()
) with (fillfactor = 85);
comment on table machine is 'machine is a table where each row is one computer that can run sessions.';
create index machine_pick_ix on machine (pool_id, rank) where state = 'available' and drain_since is null and assigned_user_id is null;
create index machine_pool_ix on machine (pool_id, state);
create unique index machine_ordinal_uq on machine (pool_id, ordinal);
create unique index machine_one_per_assignment_uq on machine (pool_id, assigned_user_id) where assigned_user_id is not null;
create unique index machine_forwarded_port_uq on machine (host_id, port) where address = '127.0.0.1' and not manual;   -- user-mode networking: one loopback port each

create table machine_agent (
    machine_id              uuid primary key references machine on delete cascade,
    connected               boolean not null default false,
    node_id                 uuid,                                  -- broker node that holds the stream
    agent_version           text not null default '',
    operating_system        text not null default '',
    os_family               text not null default '',
    computer_name           text not null default '',
    addresses               text[] not null default '{}',
    rdp_port                integer,
    rdp_certificate_sha256  bytea,
    boot_id                 text not null default '',
    booted_at               timestamptz,
    seen_at                 timestamptz not null default now()
) with (fillfactor = 85);
comment on table machine_agent is 'machine_agent is a table where each row is what the agent in one machine last said.';

create table session (
    session_id        uuid primary key,
    request_id        uuid not null constraint session_request_uq unique,   -- an unknown commit is looked up by this
    user_id           uuid not null references app_user,
    pool_id           uuid not null,                               -- no foreign key: history outlives pools and machines
    machine_id        uuid not null,
    pool_name         text not null default '',
    machine_name      text not null default '',
    state             text not null check (state in ('pending', 'active', 'disconnected', 'ended')),
    state_since       timestamptz not null default now(),
    started_at        timestamptz not null default now(),
    ended_at          timestamptz,
    end_reason        text,
    guest_session_id  text,
    logged_on_at      timestamptz,
    idle_seconds      integer,
    multi_session     boolean not null default false
) with (fillfactor = 85);
comment on table session is 'session is a table where each row is one logon on one machine.';
create unique index session_one_open_per_machine_uq on session (machine_id) where state <> 'ended' and not multi_session;
create unique index session_one_open_per_user_and_pool_uq on session (user_id, pool_id) where state <> 'ended';
create index session_open_ix on session (state, state_since) where state <> 'ended';
create index session_machine_ix on session (machine_id, started_at desc);
create index session_user_ix on session (user_id, started_at desc);

create table launch_request (
    request_id  uuid primary key,
    user_id     uuid not null references app_user on delete cascade,
    pool_id     uuid not null references pool on delete cascade,
    created_at  timestamptz not null default now(),
    seen_at     timestamptz not null default now()                 -- kept fresh while the person waits; stale rows leave the queue
);
comment on table launch_request is 'launch_request is a table where each row is one person waiting for a machine.';
create unique index launch_request_one_place_uq on launch_request (user_id, pool_id);
create index launch_request_queue_ix on launch_request (pool_id, created_at);

create table gateway (
    gateway_id   uuid primary key,
    name         text not null constraint gateway_name_uq unique,
    rdp_address  text not null,                                    -- host:port that clients are given
    connected    boolean not null default false,
    seen_at      timestamptz,
    created_at   timestamptz not null default now()
);
comment on table gateway is 'gateway is a table where each row is one edge process that redeems tickets.';

create table ticket (
    ticket_sha256   bytea primary key check (length(ticket_sha256) = 32),
    session_id      uuid not null references session on delete cascade,
    user_id         uuid not null references app_user,
    machine_id      uuid not null,
    client_address  text,                                          -- null: any
    issued_at       timestamptz not null default now(),
    expires_at      timestamptz not null,
    used_at         timestamptz,
    used_by         uuid
);
comment on table ticket is 'ticket is a table where each row is a one-time proof that the gateway redeems for a target.';
create index ticket_expiry_ix on ticket (expires_at);

create table connection (
    connection_id       uuid primary key,
    session_id          uuid not null references session on delete cascade,
    gateway_id          uuid references gateway,
    client_address      text not null default '',
    client_name         text not null default '',
    accepted_at         timestamptz,
    opened_at           timestamptz,
    closed_at           timestamptz,
    end_reason          text,
    bytes_from_client   bigint not null default 0,
    bytes_from_machine  bigint not null default 0,
    created_at          timestamptz not null default now()
);
comment on table connection is 'connection is a table where each row is one transport from an endpoint to a machine.';
create index connection_session_ix on connection (session_id, created_at);
create index connection_open_ix on connection (gateway_id) where closed_at is null;

create table logon_phase (
    session_id  uuid not null references session on delete cascade,
    name        text not null,
    started_at  timestamptz not null,
    ended_at    timestamptz,
    primary key (session_id, name)
);
comment on table logon_phase is 'logon_phase is a table where each row is one timed step of a first logon.';

create table operation (
    operation_id     uuid primary key,
    kind             text not null check (kind in ('provision', 'refresh', 'restart', 'delete', 'publish')),
    machine_id       uuid references machine on delete cascade,
    image_version_id uuid references image_version on delete cascade,
    step             text not null,
    state            text not null check (state in ('running', 'done', 'failed')),
    attempts         integer not null default 0,
    error            text,
    reason           text,                                         -- name of a public reason code, for pages
    started_at       timestamptz not null default now(),
    step_since       timestamptz not null default now(),
    next_attempt_at  timestamptz not null default now(),
    deadline         timestamptz,                                  -- of the current step
    ended_at         timestamptz
);
comment on table operation is 'operation is a table where each row is one journalled change to a machine or image.';
create unique index operation_one_open_per_machine_uq on operation (machine_id) where state = 'running';
create index operation_due_ix on operation (next_attempt_at) where state = 'running';
create index operation_history_ix on operation (machine_id, started_at desc);

create table sign_in (
    token_sha256    bytea primary key check (length(token_sha256) = 32),
    user_id         uuid not null references app_user on delete cascade,
    audience        text not null check (audience in ('employee', 'administrator')),
    created_at      timestamptz not null default now(),
    expires_at      timestamptz not null,
    source_address  text not null default ''
);
comment on table sign_in is 'sign_in is a table where each row is one opaque session token, stored hashed.';
create index sign_in_expiry_ix on sign_in (expires_at);
create index sign_in_user_ix on sign_in (user_id);

create table join_token (
    token_sha256  bytea primary key check (length(token_sha256) = 32),
    kind          text not null check (kind in ('machine', 'gateway', 'set_up')),
    machine_id    uuid references machine on delete cascade,
    gateway_name  text,
    rdp_address   text,
    expires_at    timestamptz not null,
    used_at       timestamptz,
    created_at    timestamptz not null default now()
);
comment on table join_token is 'join_token is a table where each row is a one-time proof for joining, stored hashed.';
create index join_token_machine_ix on join_token (machine_id);

create table authority (
    authority_id  uuid primary key,
    certificate   bytea not null,                                  -- DER
    wrapped_key   bytea not null,                                  -- AES-256-GCM under the key-encryption key, never plain
    created_at    timestamptz not null default now(),
    only_one      boolean not null default true constraint authority_only_one_uq unique check (only_one)
);
comment on table authority is 'authority is a table where the one row is the installation''s certificate authority.';

create table certificate (
    serial_number  text primary key,
    subject_kind   text not null check (subject_kind in ('machine', 'gateway')),
    subject_id     uuid not null,
    not_after      timestamptz not null,
    revoked_at     timestamptz,
    issued_at      timestamptz not null default now()
);
comment on table certificate is 'certificate is a table where each row is one certificate that we issued.';
create index certificate_subject_ix on certificate (subject_id);

create table lease (
    role        text primary key,
    node_id     uuid not null,
    epoch       bigint not null,
    expires_at  timestamptz not null
);
comment on table lease is 'lease is a table where each row says which node leads in a role, and since which epoch.';

create table audit_event (
    audit_id        bigint generated always as identity primary key,
    at              timestamptz not null default now(),
    actor           text not null,
    action          text not null,
    object_kind     text not null default '',
    object_id       uuid,
    object_name     text not null default '',
    outcome         text not null default 'ok',
    source_address  text not null default '',
    reference       text not null default ''
);
comment on table audit_event is 'audit_event is a table where each row is a record of who did what; the app role may only add and read.';
create index audit_event_object_ix on audit_event (object_id, audit_id desc);

-- Outbox for live pages: one pump per broker node follows it; no notification per transaction (costs a third of the commits).
create table change (
    seq        bigint generated always as identity,
    txid       xid8 not null default pg_current_xact_id(),
    kind       text not null,
    object_id  uuid not null,
    at         timestamptz not null default now()
);
create index change_order_ix on change (txid, seq);
comment on table change is 'change is a table where each row says that one object is different now.';

create function record_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        execute format('insert into change (kind, object_id) select %L, %I from old_rows', tg_argv[0], tg_argv[1]);
    else
        execute format('insert into change (kind, object_id) select %L, %I from new_rows', tg_argv[0], tg_argv[1]);
    end if;
    return null;
end $$;

create trigger machine_inserted after insert on machine referencing new table as new_rows for each statement execute function record_change('machine', 'machine_id');
create trigger machine_updated after update on machine referencing new table as new_rows for each statement execute function record_change('machine', 'machine_id');
create trigger machine_deleted after delete on machine referencing old table as old_rows for each statement execute function record_change('machine', 'machine_id');
create trigger machine_agent_inserted after insert on machine_agent referencing new table as new_rows for each statement execute function record_change('machine', 'machine_id');
create trigger machine_agent_updated after update on machine_agent referencing new table as new_rows for each statement execute function record_change('machine', 'machine_id');
create trigger session_inserted after insert on session referencing new table as new_rows for each statement execute function record_change('session', 'session_id');
create trigger session_updated after update on session referencing new table as new_rows for each statement execute function record_change('session', 'session_id');
create trigger connection_inserted after insert on connection referencing new table as new_rows for each statement execute function record_change('session', 'session_id');
create trigger connection_updated after update on connection referencing new table as new_rows for each statement execute function record_change('session', 'session_id');
create trigger pool_inserted after insert on pool referencing new table as new_rows for each statement execute function record_change('pool', 'pool_id');
create trigger pool_updated after update on pool referencing new table as new_rows for each statement execute function record_change('pool', 'pool_id');
create trigger pool_deleted after delete on pool referencing old table as old_rows for each statement execute function record_change('pool', 'pool_id');
create trigger operation_inserted after insert on operation referencing new table as new_rows for each statement execute function record_change('operation', 'operation_id');
create trigger operation_updated after update on operation referencing new table as new_rows for each statement execute function record_change('operation', 'operation_id');

-- Directories (LDAP, Active Directory) that people sign in against. Empty attribute names and filters are those of the kind.
create table directory (
    directory_id            uuid primary key,
    name                    text not null,
    kind                    text not null check (kind in ('active_directory', 'inet_org_person', 'rfc2307')),
    enabled                 boolean not null default true,
    servers                 text[] not null check (cardinality(servers) between 1 and 16),          -- host or host:port, asked in this order
    start_tls               boolean not null,                                                       -- else TLS from the first byte; never plain
    authorities             text not null default '',                                               -- PEM; empty: the system's
    base_dn                 text not null,
    bind_dn                 text not null,
    bind_secret             bytea not null,                                                         -- sealed, never plain
    domains                 text[] not null default '{}',                                           -- what people may write after @ or before \, in lower case
    user_filter             text not null default '',
    name_attribute          text not null default '',
    display_name_attribute  text not null default '',
    id_attribute            text not null default '',
    group_filter            text not null default '',
    group_name_attribute    text not null default '',
    member_attribute        text not null default '',
    most_bad_tries          integer not null default 3 check (most_bad_tries between 1 and 100),
    bad_tries_minutes       integer not null default 30 check (bad_tries_minutes between 1 and 1440),
    sync_minutes            integer not null default 15 check (sync_minutes between 1 and 1440),
    sync_due_at             timestamptz not null default now(),
    synced_at               timestamptz,
    sync_error              text not null default '',
    created_at              timestamptz not null default now()
);
comment on table directory is 'directory is a table where each row is one LDAP or Active Directory service that people sign in against.';
create unique index directory_name_uq on directory (lower(name));

-- A directory's person is known by what never changes there. The user name is the account inside desktops and outlives a rename in the directory.
alter table app_user add column directory_id uuid references directory;
alter table app_user add column external_id text;
alter table app_user add column directory_name text;                                    -- what the directory calls the person now, in lower case
alter table app_user add column disabled_by_directory boolean not null default false;   -- only what the directory disabled, it enables again
alter table app_user add constraint app_user_directory_ck check ((directory_id is null) = (external_id is null) and (directory_id is null or password_hash is null));
create unique index app_user_external_uq on app_user (directory_id, external_id);

alter table app_group add column directory_id uuid references directory on delete cascade;
alter table app_group add column external_id text;
alter table app_group add constraint app_group_directory_ck check ((directory_id is null) = (external_id is null));
create unique index app_group_external_uq on app_group (directory_id, external_id);
drop index app_group_name_uq;
-- A directory's groups are told apart by their identifier; two places of a tree may hold groups of the same name.
create unique index app_group_name_uq on app_group (lower(name)) where directory_id is null;

-- INVARIANT: no more wrong passwords of one person reach a directory than most_bad_tries, whichever broker they come by. A try counts before it is made.
create table directory_try (
    directory_id  uuid not null references directory on delete cascade,
    person        text not null,                                          -- what never changes; of an unknown name, its SHA-256
    tries         integer not null,
    last_at       timestamptz not null,
    primary key (directory_id, person)
);
comment on table directory_try is 'directory_try is a table where each row is how often a password of one person was put to a directory without success.';

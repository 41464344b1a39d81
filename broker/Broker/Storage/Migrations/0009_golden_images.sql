-- Image versions say what they are, where they came from, and how each host's copy of them stands.
alter table image_version add column published_by text not null default '';
alter table image_version add column source text not null default '';              -- file or machine it was made from, as a person reads it
alter table image_version add column operating_system text not null default '';
alter table image_version add column agent_version text not null default '';
alter table image_version add column virtual_bytes bigint;                          -- size that machines see; size_bytes is the file's
alter table image_version add column note text not null default '' check (length(note) <= 2000);
alter table image_version add column sealed boolean not null default false;
alter table image_version add column seal_report text not null default '';          -- what sealing removed, or what stays in
alter table image_version add column retired_at timestamptz;
alter table image_version add column freed_bytes bigint not null default 0;         -- on hosts, since it was retired

-- A retired version's files are deleted: nothing may begin to use it. Retiring locks the row and looks again, and this
-- waits for that lock, so that neither passes the other unseen.
create function image_version_is_offered() returns trigger language plpgsql as $$
begin
    if new.image_version_id is not null and (tg_op = 'INSERT' or new.image_version_id is distinct from old.image_version_id)
       and exists (select from image_version where image_version_id = new.image_version_id and state = 'retired' for share) then
        raise foreign_key_violation using message = 'the image version is retired', constraint = 'image_version_is_offered';
    end if;
    return new;
end $$;
create trigger pool_image_is_offered before insert or update of image_version_id on pool for each row execute function image_version_is_offered();
create trigger machine_image_is_offered before insert or update of image_version_id on machine for each row execute function image_version_is_offered();

create table image_copy (
    image_version_id  uuid not null references image_version on delete cascade,
    host_id           uuid not null references host on delete cascade,
    state             text not null check (state in ('good', 'damaged', 'missing')),
    state_since       timestamptz not null default now(),
    checked_at        timestamptz,                                 -- when its hash was last read from the host
    check_wanted      boolean not null default false,              -- somebody asked for a check now
    primary key (image_version_id, host_id)
);
comment on table image_copy is 'image_copy is a table where each row is one image version in the storage of one host.';

create table image_import (
    image_import_id   uuid primary key,
    kind              text not null check (kind in ('upload', 'capture')),
    name              text not null check (length(name) between 1 and 80),
    source            text not null,                               -- file name, or machine and host
    size_bytes        bigint not null check (size_bytes >= 0),
    sha256            bytea check (length(sha256) = 32),           -- as the sender computed it; null: not told
    seal              boolean not null,
    note              text not null default '' check (length(note) <= 2000),
    state             text not null check (state in ('receiving', 'working', 'done', 'failed', 'cancelled')),
    step              text not null default '',                    -- of the work: fetch, hash, check, convert, seal, publish
    percent           integer not null default 0 check (percent between 0 and 100),
    reason            text,                                        -- name of a public reason code
    error             text,
    holder            text not null,                               -- computer whose folder has the file
    host_id           uuid references host on delete cascade,      -- of a capture
    domain_uuid       uuid,
    created_by        text not null,
    created_at        timestamptz not null default now(),
    ended_at          timestamptz,
    claimed_until     timestamptz,                                 -- a broker works on it until then
    image_version_id  uuid references image_version on delete set null
);
comment on table image_import is 'image_import is a table where each row is one disk on its way to become an image version.';
create index image_import_open_ix on image_import (created_at) where state in ('receiving', 'working');

-- The audit record seals itself: entries become leaves of signed batches, and what they say about people is closed with a key for each person.
alter table audit_event add column actor_id uuid;        -- the person who did it; no key: an entry outlives the account
alter table audit_event add column subject_id uuid;      -- the person to whom it was done
create index audit_event_actor_ix on audit_event (actor_id, audit_id desc) where actor_id is not null;
create index audit_event_subject_ix on audit_event (subject_id, audit_id desc) where subject_id is not null;

create table audit_open (
    audit_id  bigint primary key,
    texts     jsonb not null                             -- by person, by field: what the sealer closes and takes away from here
);
comment on table audit_open is 'audit_open is a table where each row is an audit entry that waits for its seal, committed late or not.';

create table audit_person (
    person_id   uuid primary key,
    sealed_key  bytea,
    erased_at   timestamptz,
    constraint audit_person_key_ck check ((sealed_key is null) = (erased_at is not null))
);
comment on table audit_person is 'audit_person is a table where each row is the key of what the audit record says about one person, until it is erased.';

create table audit_key (
    key_no       integer primary key,
    public_key   bytea not null,
    sealed_key   bytea not null,
    created_at   timestamptz not null default now()
);
comment on table audit_key is 'audit_key is a table where each row is a key that signs the heads of audit batches.';

create table audit_batch (
    batch_no   bigint primary key check (batch_no > 0),
    first_id   bigint not null,
    last_id    bigint not null,
    entries    integer not null check (entries > 0),
    root       bytea not null check (length(root) = 32),
    previous   bytea not null unique check (length(previous) = 32),   -- a head is followed by one head
    sealed_at  timestamptz not null,
    key_no     integer not null references audit_key,
    signature  bytea not null
);
comment on table audit_batch is 'audit_batch is a table where each row is the signed head of some audit entries, chained to the one before.';
create index audit_batch_time_ix on audit_batch (sealed_at);

create table audit_leaf (
    audit_id  bigint primary key,                        -- no entry is sealed twice
    batch_no  bigint not null references audit_batch,
    leaf      bytea not null check (length(leaf) = 32)
);
comment on table audit_leaf is 'audit_leaf is a table where each row is the hash of one audit entry as it was sealed.';
create index audit_leaf_batch_ix on audit_leaf (batch_no, audit_id);

create table audit_personal (
    audit_id   bigint not null,
    person_id  uuid not null,
    box        bytea not null,
    primary key (audit_id, person_id)
);
comment on table audit_personal is 'audit_personal is a table where each row is what one audit entry says about one person, closed with the key of that person.';

-- Whose the texts of an entry are. A row that the same statement made is not seen yet; then its own columns say it.
create function audit_persons(e audit_event) returns audit_event language plpgsql stable set search_path = public as $$
begin
    e.actor_id   := coalesce((select user_id from app_user where user_name = e.actor),
                             case when e.object_kind = 'user' and e.object_name = e.actor then e.object_id end);
    e.subject_id := case e.object_kind
                        when 'user'    then e.object_id
                        when 'session' then coalesce((select user_id from session where session_id = e.object_id), case when e.action = 'session.start' then e.actor_id end)
                    end;
    return e;
end $$;

-- A reference that names somebody ("rui.costa", "look: rui.costa") belongs to him, any other to the person it is about, then to who did it.
create function audit_texts(e audit_event) returns jsonb language sql stable set search_path = public as $$
    select coalesce(jsonb_object_agg(person, texts), '{}')
      from (select person, jsonb_object_agg(field, said) as texts
              from (values (e.actor_id, 'actor', e.actor),
                           (e.actor_id, 'source_address', e.source_address),
                           (case when e.object_kind = 'user' then e.subject_id end, 'object_name', e.object_name),
                           (coalesce((select user_id from app_user where user_name = substring(e.reference from '[^ ]*$')), e.subject_id, e.actor_id), 'reference', e.reference)) as t (person, field, said)
             where person is not null
               and said <> ''
          group by person) as by_person
$$;

create function audit_without(e audit_event, texts jsonb) returns audit_event language plpgsql immutable as $$
declare
    said jsonb;
begin
    for said in select value from jsonb_each(texts) loop
        if said ? 'actor'          then e.actor          := ''; end if;
        if said ? 'source_address' then e.source_address := ''; end if;
        if said ? 'object_name'    then e.object_name    := ''; end if;
        if said ? 'reference'      then e.reference      := ''; end if;
    end loop;
    return e;
end $$;

-- Runs as the owner: whoever may add an entry need not write here, and cannot add one that is never sealed.
create function open_audit_entry() returns trigger language plpgsql security definer set search_path = public as $$
declare
    texts jsonb;
begin
    new   := audit_persons(new);
    texts := audit_texts(new);
    insert into audit_open (audit_id, texts) values (new.audit_id, texts);
    return audit_without(new, texts);
end $$;

-- What was written before there were seals is sealed like the rest, as it is now.
do $$
declare
    e audit_event;
    texts jsonb;
begin
    for e in select * from audit_event order by audit_id loop
        e     := audit_persons(e);
        texts := audit_texts(e);
        insert into audit_open (audit_id, texts) values (e.audit_id, texts);
        e     := audit_without(e, texts);
        update audit_event
           set actor_id = e.actor_id, subject_id = e.subject_id, actor = e.actor, source_address = e.source_address, object_name = e.object_name, reference = e.reference
         where audit_id = e.audit_id;
    end loop;
end $$;
create trigger audit_event_opened before insert on audit_event for each row execute function open_audit_entry();

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
    raise exception '% of % is refused: the audit record is only added to', lower(tg_op), tg_table_name using errcode = 'insufficient_privilege';
end $$;
create trigger audit_event_kept before update or delete or truncate on audit_event for each statement execute function refuse_audit_change();
create trigger audit_batch_kept before update or delete or truncate on audit_batch for each statement execute function refuse_audit_change();
create trigger audit_leaf_kept before update or delete or truncate on audit_leaf for each statement execute function refuse_audit_change();
create trigger audit_personal_kept before update or delete or truncate on audit_personal for each statement execute function refuse_audit_change();
create trigger audit_key_kept before update or delete or truncate on audit_key for each statement execute function refuse_audit_change();

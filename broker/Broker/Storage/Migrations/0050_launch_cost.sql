-- What every launch goes through is planned once in a connection and not at every row: the same rows come out, for less work.

-- The kinds that change often are written out; text that is put together when it runs is parsed and planned every time.
create or replace function record_change() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' then
        execute format('insert into change (kind, object_id) select %L, %I from old_rows', tg_argv[0], tg_argv[1]);
    elsif tg_argv[1] = 'machine_id' then
        insert into change (kind, object_id) select tg_argv[0], machine_id from new_rows;
    elsif tg_argv[1] = 'session_id' then
        insert into change (kind, object_id) select tg_argv[0], session_id from new_rows;
    elsif tg_argv[1] = 'operation_id' then
        insert into change (kind, object_id) select tg_argv[0], operation_id from new_rows;
    elsif tg_argv[1] = 'task_id' then
        insert into change (kind, object_id) select tg_argv[0], task_id from new_rows;
    else
        execute format('insert into change (kind, object_id) select %L, %I from new_rows', tg_argv[0], tg_argv[1]);
    end if;
    return null;
end $$;

-- Whose the texts of an entry are, and what is closed for each. A session that the same statement made is not seen yet; then its actor is its person.
-- A reference that names somebody ("rui.costa", "look: rui.costa") belongs to him, any other to the person it is about, then to who did it.
-- Runs as the owner: whoever may add an entry need not write here, and cannot add one that is never sealed.
create or replace function open_audit_entry() returns trigger language plpgsql security definer set search_path = public as $$
declare
    texts jsonb := '{}';
    named uuid;
begin
    new.actor_id   := coalesce((select user_id from app_user where user_name = new.actor),
                               case when new.object_kind = 'user' and new.object_name = new.actor then new.object_id end);
    new.subject_id := case new.object_kind
                          when 'user'    then new.object_id
                          when 'session' then coalesce((select user_id from session where session_id = new.object_id), case when new.action = 'session.start' then new.actor_id end)
                      end;
    if new.actor_id is not null and (new.actor <> '' or new.source_address <> '') then
        texts := jsonb_build_object(new.actor_id, jsonb_strip_nulls(jsonb_build_object('actor', nullif(new.actor, ''), 'source_address', nullif(new.source_address, ''))));
    end if;
    if new.object_kind = 'user' and new.subject_id is not null and new.object_name <> '' then
        texts := texts || jsonb_build_object(new.subject_id, coalesce(texts -> new.subject_id::text, '{}') || jsonb_build_object('object_name', new.object_name));
        new.object_name := '';
    end if;
    if new.reference <> '' then
        named := coalesce((select user_id from app_user where user_name = substring(new.reference from '[^ ]*$')), new.subject_id, new.actor_id);
        if named is not null then
            texts := texts || jsonb_build_object(named, coalesce(texts -> named::text, '{}') || jsonb_build_object('reference', new.reference));
            new.reference := '';
        end if;
    end if;
    if new.actor_id is not null then
        new.actor          := '';
        new.source_address := '';
    end if;
    insert into audit_open (audit_id, texts) values (new.audit_id, texts);
    return new;
end $$;
drop function audit_without(audit_event, jsonb);
drop function audit_texts(audit_event);
drop function audit_persons(audit_event);

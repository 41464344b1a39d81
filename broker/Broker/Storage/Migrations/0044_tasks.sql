-- Everything long that is done, in one list (ADR 61). What does it keeps its own journal; triggers on that write here, in the same
-- transaction, and nobody else does. A task outlives what it was done to: no keys, and names as they were.
create table task (
    task_id      uuid primary key,                                -- of its operation, import, roll-out or running state; else its own
    kind         text not null check (kind in ('provision', 'refresh', 'restart', 'delete', 'sleep', 'wake', 'move', 'import', 'capture', 'publish', 'copy', 'running_state', 'rollout', 'drain')),
    object_kind  text not null check (object_kind in ('machine', 'image', 'pool', 'host')),
    object_id    uuid,                                            -- null: an image that is none yet
    object_name  text not null,
    pool_id      uuid,
    host_id      uuid,
    host_name    text not null default '',
    cause        text not null default 'broker',                  -- person, or what of ours wanted it
    asked_by     text not null default '',                        -- user name; empty unless a person asked
    state        text not null check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
    step         text not null default '',
    percent      integer check (percent between 0 and 100),       -- null: not known
    reason       text,                                            -- name of a public reason code: why it failed, or what it waits for
    error        text,
    began_at     timestamptz not null default now(),
    ended_at     timestamptz,
    lines        integer not null default 0,                      -- that were written, those that went again included
    last_event   text not null default '',
    last_step    text not null default '',
    last_at      timestamptz,
    constraint task_ended_ck check ((ended_at is not null) = (state in ('done', 'failed', 'cancelled')))
);
comment on table task is 'task is a table where each row is one long piece of work, as people follow it.';
create index task_list_ix on task (began_at desc, task_id desc);
create index task_object_ix on task (object_id, began_at desc);
create index task_pool_ix on task (pool_id, began_at desc) where pool_id is not null;
create index task_open_ix on task (began_at) where ended_at is null;
create index task_ended_ix on task (ended_at) where ended_at is not null;

create table task_line (
    task_id  uuid not null references task on delete cascade,
    seq      integer not null,
    at       timestamptz not null default now(),
    event    text not null check (event in ('began', 'step', 'attempt', 'fell_back', 'waits', 'turned', 'again', 'done', 'failed', 'cancelled')),
    step     text not null default '',
    reason   text,
    detail   text not null default '',
    primary key (task_id, seq)
);
comment on table task_line is 'task_line is a table where each row is one thing that happened while a task was done; the newest 200 of each stay.';

create trigger task_inserted after insert on task referencing new table as new_rows for each statement execute function record_change('task', 'task_id');
create trigger task_updated after update on task referencing new table as new_rows for each statement execute function record_change('task', 'task_id');

-- The two writers of both tables. A task begins with a line.
create function begin_task(_task uuid, _kind text, _object_kind text, _object uuid, _name text, _pool uuid, _host uuid, _host_name text, _cause text, _asked_by text,
                           _state text, _step text, _reason text, _error text, _began timestamptz) returns void language sql as $$
    insert into task (task_id, kind, object_kind, object_id, object_name, pool_id, host_id, host_name, cause, asked_by, state, step, reason, error, began_at, ended_at, lines, last_event, last_step, last_at)
         values (_task, _kind, _object_kind, _object, _name, _pool, _host, coalesce(_host_name, ''), _cause, _asked_by, _state, _step, _reason, left(_error, 500), _began,
                 case when _state in ('done', 'failed', 'cancelled') then now() end, 1, 'began', _step, now());
    insert into task_line (task_id, seq, event, step, reason, detail) values (_task, 1, 'began', _step, _reason, coalesce(left(_error, 500), ''));
$$;

-- Null for the state: it stays; null for the event: no line.
create function keep_task(_task uuid, _state text, _step text, _percent integer, _reason text, _error text, _event text, _at_step text) returns void language plpgsql as $$
declare
    _seq integer;
begin
    update task t
       set state = coalesce(_state, t.state), step = coalesce(_step, t.step), percent = _percent, reason = _reason, error = left(_error, 500),
           ended_at = case when coalesce(_state, t.state) in ('done', 'failed', 'cancelled') then coalesce(t.ended_at, now()) end,
           lines = t.lines + case when _event is null then 0 else 1 end,
           last_event = coalesce(_event, t.last_event), last_step = case when _event is null then t.last_step else coalesce(_at_step, t.step) end, last_at = case when _event is null then t.last_at else now() end
     where t.task_id = _task
       and (_event is not null or (coalesce(_state, t.state), coalesce(_step, t.step), _percent, _reason) is distinct from (t.state, t.step, t.percent, t.reason))
 returning t.lines into _seq;
    if _seq is null or _event is null then return; end if;
    insert into task_line (task_id, seq, event, step, reason, detail) values (_task, _seq, _event, coalesce(_at_step, ''), _reason, coalesce(left(_error, 500), ''));
    if _seq > 200 then delete from task_line where task_id = _task and seq <= _seq - 200; end if;
end $$;

-- ---- Operations on machines ----------------------------------------------------------------------------------------
alter table operation add column cause text not null default 'broker';
alter table operation add column asked_by text not null default '';
alter table operation add column claimed boolean not null default false;   -- a runner has its step in hand; without, it waits for its turn or for another attempt
-- INVARIANT: set only until a runner claims the operation for the first time: nothing was begun, and putting the machine back into this
-- state undoes all. Never where the next person would come upon what the last one left.
alter table operation add column resumes_to text;
alter table operation drop constraint operation_state_check;
alter table operation add constraint operation_state_check check (state in ('running', 'done', 'failed', 'cancelled'));

create function task_of_operation() returns trigger language plpgsql as $$
declare
    _event text;
    _state text := case when new.state <> 'running' then new.state when new.claimed or new.step = 'magic_packet' then 'running' end;
    _at text := new.step;
    _error text := new.error;
begin
    if tg_op = 'INSERT' then
        perform begin_task(new.operation_id, new.kind, 'machine', m.machine_id, m.name, m.pool_id, m.host_id, h.name, new.cause, new.asked_by, coalesce(_state, 'waiting'), new.step, null, new.fallback, new.started_at)
           from machine m left join host h using (host_id)
          where m.machine_id = new.machine_id;
        return null;
    end if;
    if old.state <> 'running' and new.state = old.state then return null; end if;
    if new.state <> old.state then
        _event := new.state; _at := old.step;
        if new.state <> 'failed' then _error := null; end if;
    elsif (new.kind, new.cause) is distinct from (old.kind, old.cause) or (new.asked_by <> old.asked_by and new.asked_by <> '-') then   -- of somebody who was erased
        _event := 'turned'; _state := coalesce(_state, 'waiting');
        update task set kind = new.kind, cause = new.cause, asked_by = new.asked_by where task_id = new.operation_id;
    elsif new.fallback is distinct from old.fallback and new.fallback is not null then
        _event := 'fell_back'; _at := old.step; _error := new.fallback;
    elsif new.error is not null and (case when new.step = 'magic_packet' then new.error is distinct from old.error else new.attempts > old.attempts end) then
        _event := 'attempt'; _at := old.step;
        _state := coalesce(_state, 'waiting');
    elsif new.step <> old.step then
        _event := 'step';
    end if;
    if old.step = 'place' or new.kind = 'move' then
        update task t set host_id = m.host_id, host_name = coalesce(h.name, '')
          from machine m left join host h using (host_id)
         where t.task_id = new.operation_id and m.machine_id = new.machine_id and t.host_id is distinct from m.host_id;
    end if;
    perform keep_task(new.operation_id, _state, new.step, null, case when _error is not null then new.reason end, _error, _event, _at);
    -- How far a roll-out is, is how many of its machines are done.
    if new.state <> 'running' and new.cause = 'rollout' then
        insert into change (kind, object_id)
        select 'task', r.rollout_id from rollout r join machine m using (pool_id) where m.machine_id = new.machine_id and r.ended_at is null;
    end if;
    return null;
end $$;
create trigger operation_begins_task after insert on operation for each row when (new.machine_id is not null) execute function task_of_operation();
create trigger operation_moves_task after update on operation for each row
    when ((old.state, old.kind, old.step, old.attempts, old.error, old.fallback, old.claimed, old.cause, old.asked_by) is distinct from (new.state, new.kind, new.step, new.attempts, new.error, new.fallback, new.claimed, new.cause, new.asked_by))
    execute function task_of_operation();

-- What is gone takes its journal along: a machine's deletion is done with that, and whatever else was under way is over.
create function task_is_left() returns trigger language plpgsql as $$
declare
    _left uuid := (to_jsonb(old) ->> tg_argv[0])::uuid;
    _over text := case when to_jsonb(old) ->> 'kind' = 'delete' then 'done' else 'cancelled' end;
begin
    if exists (select from task where task_id = _left and ended_at is null) then
        perform keep_task(_left, _over, null, null, null, null, _over, null);
    end if;
    return null;
end $$;
create trigger operation_leaves_task after delete on operation for each row when (old.state = 'running') execute function task_is_left('operation_id');
create trigger rollout_leaves_task after delete on rollout for each row when (old.ended_at is null) execute function task_is_left('rollout_id');
create trigger image_import_leaves_task after delete on image_import for each row when (old.ended_at is null) execute function task_is_left('image_import_id');
create trigger running_state_leaves_task after delete on running_state for each row when (old.state = 'preparing') execute function task_is_left('running_state_id');

-- ---- Image roll-outs -----------------------------------------------------------------------------------------------
create function task_of_rollout() returns trigger language plpgsql as $$
declare
    _state text := case new.state when 'halted' then 'waiting' when 'done' then 'done' when 'rolled_back' then case when new.halt_reason is null then 'cancelled' else 'failed' end else 'running' end;
    _stands boolean := new.state in ('halted', 'rolling_back', 'rolled_back');
begin
    if tg_op = 'INSERT' then
        perform begin_task(new.rollout_id, 'rollout', 'pool', p.pool_id, p.name || ': ' || v.name || ' ' || v.number, p.pool_id, null, null, 'person', new.asked_by, _state, new.state, null, null, new.started_at)
           from pool p, image_version v
          where p.pool_id = new.pool_id and v.image_version_id = new.to_version_id;
    elsif new.state <> old.state then
        perform keep_task(new.rollout_id, _state, new.state, null, case when _stands then new.halt_reason end, case when _stands then new.halt_detail end,
                          case when _state in ('done', 'failed', 'cancelled') then _state else 'step' end, new.state);
    else
        perform keep_task(new.rollout_id, _state, new.state, null, new.waiting_reason, null, case when new.waiting_reason is not null then 'waits' end, new.state);
    end if;
    return null;
end $$;
create trigger rollout_begins_task after insert on rollout for each row execute function task_of_rollout();
create trigger rollout_moves_task after update on rollout for each row when ((old.state, old.waiting_reason) is distinct from (new.state, new.waiting_reason)) execute function task_of_rollout();

-- ---- Images --------------------------------------------------------------------------------------------------------
create function task_of_import() returns trigger language plpgsql as $$
declare
    _state text := case when new.state in ('receiving', 'working') then 'running' else new.state end;
    _step text := case when new.state = 'receiving' then 'receive' else new.step end;
    _percent integer := case when new.state = 'working' then new.percent when new.state = 'done' then 100 end;
begin
    if tg_op = 'INSERT' then
        perform begin_task(new.image_import_id, case new.kind when 'capture' then 'capture' else 'import' end, 'image', null, new.name, null, new.host_id,
                           coalesce((select h.name from host h where h.host_id = new.host_id), new.holder), 'person', new.created_by, _state, _step, null, null, new.created_at);
        return null;
    end if;
    if new.image_version_id is distinct from old.image_version_id then
        update task set object_id = new.image_version_id where task_id = new.image_import_id;
    end if;
    perform keep_task(new.image_import_id, _state, _step, _percent, new.reason, new.error,
                      case when new.state in ('done', 'failed', 'cancelled') and new.state <> old.state then new.state
                           when old.state in ('done', 'failed', 'cancelled') and new.state <> old.state then 'again'
                           when (new.state, new.step) is distinct from (old.state, old.step) then 'step' end, _step);
    return null;
end $$;
create trigger image_import_begins_task after insert on image_import for each row execute function task_of_import();
create trigger image_import_moves_task after update on image_import for each row
    when ((old.state, old.step, old.percent, old.reason, old.error, old.image_version_id) is distinct from (new.state, new.step, new.percent, new.reason, new.error, new.image_version_id)) execute function task_of_import();

-- A new version is brought to the hosts, and one whose copy went bad is brought to its host again.
create function task_of_image() returns trigger language plpgsql as $$
declare
    _task uuid;
begin
    if tg_op = 'INSERT' then
        perform begin_task(gen_random_uuid(), 'publish', 'image', new.image_version_id, new.name || ' ' || new.number, null, null, null, case when new.published_by = '' then 'broker' else 'person' end, new.published_by,
                           'running', 'copy', null, null, now());
        return null;
    end if;
    for _task in select task_id from task where object_id = new.image_version_id and kind = 'publish' and ended_at is null loop
        perform keep_task(_task, case new.state when 'ready' then 'done' when 'publishing' then 'running' when 'failed' then 'failed' else 'cancelled' end, 'copy', null, null, new.error,
                          case new.state when 'ready' then 'done' when 'failed' then 'failed' when 'publishing' then case when new.error is not null then 'attempt' end else 'cancelled' end, 'copy');
    end loop;
    return null;
end $$;
create trigger image_version_begins_task after insert on image_version for each row when (new.state = 'publishing') execute function task_of_image();
create trigger image_version_moves_task after update on image_version for each row when (old.state = 'publishing' and (old.state, old.error) is distinct from (new.state, new.error)) execute function task_of_image();

create function task_of_copy() returns trigger language plpgsql as $$
declare
    _task uuid;
begin
    if tg_op <> 'DELETE' and new.state <> 'good' then
        perform begin_task(gen_random_uuid(), 'copy', 'image', v.image_version_id, v.name || ' ' || v.number, null, h.host_id, h.name, 'broker', '',
                           'running', 'copy', case new.state when 'damaged' then 'ImageDamaged' else 'ImageMissing' end, null, now())
           from image_version v, host h
          where v.image_version_id = new.image_version_id and h.host_id = new.host_id
            and not exists (select from task t where t.object_id = new.image_version_id and t.host_id = new.host_id and t.kind = 'copy' and t.ended_at is null);
        return null;
    end if;
    for _task in select task_id from task where object_id = old.image_version_id and host_id = old.host_id and kind = 'copy' and ended_at is null loop
        perform keep_task(_task, case tg_op when 'DELETE' then 'cancelled' else 'done' end, 'copy', null, null, null, case tg_op when 'DELETE' then 'cancelled' else 'done' end, 'copy');
    end loop;
    return null;
end $$;
create trigger image_copy_begins_task after insert on image_copy for each row when (new.state <> 'good') execute function task_of_copy();
create trigger image_copy_moves_task after update on image_copy for each row when (old.state <> new.state) execute function task_of_copy();
create trigger image_copy_leaves_task after delete on image_copy for each row when (old.state <> 'good') execute function task_of_copy();

create function task_of_running_state() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        perform begin_task(new.running_state_id, 'running_state', 'image', v.image_version_id, v.name || ' ' || v.number, null, h.host_id, h.name, 'broker', '', 'running', 'save', null, null, now())
           from image_version v, host h
          where v.image_version_id = new.image_version_id and h.host_id = new.host_id;
    else
        perform keep_task(new.running_state_id, case new.state when 'ready' then 'done' else 'failed' end, 'save', null, null, new.error, case new.state when 'ready' then 'done' else 'failed' end, 'save');
    end if;
    return null;
end $$;
create trigger running_state_begins_task after insert on running_state for each row when (new.state = 'preparing') execute function task_of_running_state();
create trigger running_state_moves_task after update on running_state for each row when (old.state = 'preparing' and new.state <> 'preparing') execute function task_of_running_state();

-- ---- Hosts that are let go of --------------------------------------------------------------------------------------
alter table host add column state_by text not null default '';     -- who asked for the state

create function task_of_host() returns trigger language plpgsql as $$
declare
    _task uuid;
    _empty boolean := not exists (select from machine m where m.host_id = new.host_id and not m.manual);
begin
    select task_id into _task from task where object_id = new.host_id and kind = 'drain' and ended_at is null;
    if new.state = 'in_service' then
        perform keep_task(_task, 'cancelled', 'drain', null, null, null, 'cancelled', 'drain');
        return null;
    end if;
    if _task is null then
        _task := gen_random_uuid();
        perform begin_task(_task, 'drain', 'host', new.host_id, new.name, null, new.host_id, new.name, case when new.state_by = '' then 'broker' else 'person' end, new.state_by, 'running', new.state, null, null, now());
    else
        perform keep_task(_task, 'running', new.state, null, null, null, 'step', new.state);
    end if;
    if _empty then perform keep_task(_task, 'done', new.state, 100, null, null, 'done', new.state); end if;
    return null;
end $$;
create trigger host_state_is_task after update of state on host for each row when (old.state <> new.state) execute function task_of_host();

create function task_of_emptied_host() returns trigger language plpgsql as $$
declare
    _task uuid;
begin
    select task_id into _task from task where object_id = old.host_id and kind = 'drain' and ended_at is null;
    if _task is not null and not exists (select from machine m where m.host_id = old.host_id and not m.manual) then
        perform keep_task(_task, 'done', 'drain', 100, null, null, 'done', 'drain');
    end if;
    return null;
end $$;
create trigger machine_leaves_host after update of host_id on machine for each row when (old.host_id is not null and old.host_id is distinct from new.host_id) execute function task_of_emptied_host();
create trigger machine_leaves_its_host after delete on machine for each row when (old.host_id is not null) execute function task_of_emptied_host();

-- ---- Whoever watches by the people of a group ----------------------------------------------------------------------
-- A machine's tasks are seen by them while their person is on it.
create or replace function ring_for_people() returns trigger language plpgsql as $$
begin
    if exists (select from role_grant where scope_group_id = coalesce(new.group_id, old.group_id))
       or exists (select from api_key where scope_group_id = coalesce(new.group_id, old.group_id)) then
        insert into change (kind, object_id)
        select kind, object_id
          from session s
          cross join lateral (values ('session', s.session_id), ('machine', s.machine_id)) as c (kind, object_id)
         where s.user_id = coalesce(new.user_id, old.user_id)
           and s.state <> 'ended'
         union all
        select 'task', t.task_id from session s join task t on t.object_id = s.machine_id
         where s.user_id = coalesce(new.user_id, old.user_id) and s.state <> 'ended' and (t.ended_at is null or t.ended_at > now() - interval '7 days');
    end if;
    return null;
end $$;

create or replace function ring_machine_of_session() returns trigger language plpgsql as $$
begin
    if exists (select from role_grant where scope_group_id is not null) or exists (select from api_key where scope_group_id is not null) then
        insert into change (kind, object_id)
        select 'machine', new.machine_id union all select 'task', task_id from task where object_id = new.machine_id and (ended_at is null or ended_at > now() - interval '7 days');
    end if;
    return null;
end $$;

-- ---- What is under way already -------------------------------------------------------------------------------------
insert into task (task_id, kind, object_kind, object_id, object_name, pool_id, host_id, host_name, state, step, reason, error, began_at)
     select o.operation_id, o.kind, 'machine', m.machine_id, m.name, m.pool_id, m.host_id, coalesce(h.name, ''), 'running', o.step, case when o.error is not null then o.reason end, left(o.error, 500), o.started_at
       from operation o join machine m using (machine_id) left join host h using (host_id)
      where o.state = 'running';
insert into task (task_id, kind, object_kind, object_name, host_id, host_name, cause, asked_by, state, step, percent, began_at)
     select image_import_id, case kind when 'capture' then 'capture' else 'import' end, 'image', name, host_id, holder, 'person', created_by, 'running', case state when 'receiving' then 'receive' else step end, percent, created_at
       from image_import
      where state in ('receiving', 'working');
insert into task (task_id, kind, object_kind, object_id, object_name, pool_id, cause, asked_by, state, step, began_at)
     select r.rollout_id, 'rollout', 'pool', p.pool_id, p.name || ': ' || v.name || ' ' || v.number, p.pool_id, 'person', r.asked_by, case r.state when 'halted' then 'waiting' else 'running' end, r.state, r.started_at
       from rollout r join pool p using (pool_id) join image_version v on v.image_version_id = r.to_version_id
      where r.ended_at is null;

-- A role may be given over the people of a group: a help desk of one department.
alter table role_grant add column scope_group_id uuid references app_group on delete cascade;
alter table role_grant add constraint role_grant_scope_ck check (num_nonnulls(pool_id, scope_group_id) <= 1);   -- one kind of scope; none: everything
drop index role_grant_uq;
create unique index role_grant_uq on role_grant (user_id, group_id, role, pool_id, scope_group_id) nulls not distinct;
create index role_grant_scope_group_ix on role_grant (scope_group_id) where scope_group_id is not null;
comment on table role_grant is 'role_grant is a table where each row gives somebody a role, for everything, for one pool or for the people of one group.';

alter table api_key add column scope_group_id uuid references app_group on delete cascade;
alter table api_key add constraint api_key_scope_ck check (num_nonnulls(pool_id, scope_group_id) <= 1);
create index api_key_scope_group_ix on api_key (scope_group_id) where scope_group_id is not null;

create or replace view held_role as
    select role_grant_id, user_id, role, pool_id, scope_group_id from role_grant where user_id is not null
     union all
    select g.role_grant_id, m.user_id, g.role, g.pool_id, g.scope_group_id from role_grant g join group_member m using (group_id);

-- [[role, own permissions or null, pool or group or null, "people" when it is a group], ...]. A broker from before reads the group's
-- identifier as that of a pool, which none is: what it does not know opens nothing there.
create or replace function rights_of(person uuid) returns text language sql stable as $$
    select coalesce(jsonb_agg(distinct jsonb_build_array(r.name, case when r.built_in then null else r.permissions end, coalesce(h.pool_id, h.scope_group_id),
                                                         case when h.scope_group_id is not null then 'people' end))::text, '[]')
      from held_role h
      join role r on r.name = h.role
     where h.user_id = person
$$;

-- Whoever watches by the people of a group sees who comes and who goes: what they have open is read anew.
create function ring_for_people() returns trigger language plpgsql as $$
begin
    if exists (select from role_grant where scope_group_id = coalesce(new.group_id, old.group_id))
       or exists (select from api_key where scope_group_id = coalesce(new.group_id, old.group_id)) then
        insert into change (kind, object_id)
        select kind, object_id
          from session s
          cross join lateral (values ('session', s.session_id), ('machine', s.machine_id)) as c (kind, object_id)
         where s.user_id = coalesce(new.user_id, old.user_id)
           and s.state <> 'ended';
    end if;
    return null;
end $$;
create trigger group_member_rings after insert or delete on group_member for each row execute function ring_for_people();

-- A machine is seen by them while their person is on it, and a shared machine itself does not change when one more comes or goes.
create function ring_machine_of_session() returns trigger language plpgsql as $$
begin
    if exists (select from role_grant where scope_group_id is not null) or exists (select from api_key where scope_group_id is not null) then
        insert into change (kind, object_id) values ('machine', new.machine_id);
    end if;
    return null;
end $$;
create trigger session_began_rings after insert on session for each row execute function ring_machine_of_session();
create trigger session_ended_rings after update of state on session for each row when (new.state = 'ended' and old.state <> 'ended') execute function ring_machine_of_session();

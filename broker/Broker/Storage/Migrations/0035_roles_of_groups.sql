-- A role may be given to a group: every member has it as long as he is one.
alter table role_grant add column group_id uuid references app_group on delete cascade;
alter table role_grant drop constraint role_grant_grantee_ck;
alter table role_grant add constraint role_grant_grantee_ck check (num_nonnulls(user_id, group_id) = 1);
drop index role_grant_uq;
create unique index role_grant_uq on role_grant (user_id, group_id, role, pool_id) nulls not distinct;
create index role_grant_group_ix on role_grant (group_id) where group_id is not null;

create view held_role as
    select role_grant_id, user_id, role, pool_id from role_grant where user_id is not null
     union all
    select g.role_grant_id, m.user_id, g.role, g.pool_id from role_grant g join group_member m using (group_id);
comment on view held_role is 'held_role is a view where each row is one reason why a person holds a role.';

-- Who comes into a group and what the group is given at the same moment see each other. Before the row, because its foreign key takes
-- a weaker lock on the group, and two that hold that one and want this one wait for each other.
create function lock_group_of_grant() returns trigger language plpgsql as $$
begin
    perform from app_group where group_id in (old.group_id, new.group_id) for update;
    return coalesce(new, old);
end $$;
create trigger role_grant_locks_group before insert or delete on role_grant for each row execute function lock_group_of_grant();

-- app_user.administrator says that the person holds some role, by himself or by a group.
create or replace function keep_administrator() returns trigger language plpgsql as $$
begin
    update app_user u
       set administrator = not u.administrator
     where u.user_id in (select old.user_id union select new.user_id
                          union select m.user_id from group_member m where m.group_id in (old.group_id, new.group_id))
       and u.administrator <> exists (select from held_role h where h.user_id = u.user_id);
    return null;
end $$;

create function keep_administrator_in_group() returns trigger language plpgsql as $$
begin
    perform from app_group where group_id in (old.group_id, new.group_id) for key share;
    update app_user u
       set administrator = not u.administrator
     where u.user_id in (old.user_id, new.user_id)
       and u.administrator <> exists (select from held_role h where h.user_id = u.user_id);
    return null;
end $$;
create trigger group_member_changed after insert or delete on group_member for each row execute function keep_administrator_in_group();

create or replace function rights_of(person uuid) returns text language sql stable as $$
    select coalesce(jsonb_agg(distinct jsonb_build_array(r.name, case when r.built_in then null else r.permissions end, h.pool_id))::text, '[]')
      from held_role h
      join role r on r.name = h.role
     where h.user_id = person
$$;

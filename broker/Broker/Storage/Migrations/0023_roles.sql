-- Who may do what, and where. What a built-in role may do is in the program: a new method needs no migration.
create table role (
    name         text primary key check (name ~ '^[a-z][a-z0-9_]{1,39}$'),
    built_in     boolean not null default false,
    description  text not null default '' check (length(description) <= 200),
    permissions  text[] not null default '{}',                     -- of roles that are not built in
    created_at   timestamptz not null default now()
);
comment on table role is 'role is a table where each row is a named set of permissions.';
insert into role (name, built_in) values ('administrator', true), ('pool_operator', true), ('help_desk', true), ('auditor', true), ('read_only', true);

create table role_grant (
    role_grant_id  uuid primary key,
    user_id        uuid references app_user on delete cascade,     -- the grantee; another kind of grantee is a column beside it
    role           text not null references role (name),
    pool_id        uuid references pool on delete cascade,         -- the scope; null: everything
    granted_by     text not null,
    granted_at     timestamptz not null default now(),
    constraint role_grant_grantee_ck check (num_nonnulls(user_id) = 1)
);
comment on table role_grant is 'role_grant is a table where each row gives somebody a role, for everything or for one pool.';
create unique index role_grant_uq on role_grant (user_id, role, pool_id) nulls not distinct;
create index role_grant_role_ix on role_grant (role);
create index role_grant_pool_ix on role_grant (pool_id) where pool_id is not null;

insert into role_grant (role_grant_id, user_id, role, granted_by)
     select gen_random_uuid(), user_id, 'administrator', 'broker'
       from app_user
      where administrator;

-- app_user.administrator says that the person holds some role and may sign in to the console. Kept here and nowhere else.
create function keep_administrator() returns trigger language plpgsql as $$
begin
    update app_user u
       set administrator = not u.administrator
     where u.user_id in (old.user_id, new.user_id)
       and u.administrator <> exists (select from role_grant g where g.user_id = u.user_id);
    return null;
end $$;
create trigger role_grant_changed after insert or delete on role_grant for each row execute function keep_administrator();

-- What a person may do, for the one statement that every call makes: [[role, own permissions or null, pool or null], ...].
create function rights_of(person uuid) returns text language sql stable as $$
    select coalesce(jsonb_agg(jsonb_build_array(r.name, case when r.built_in then null else r.permissions end, g.pool_id) order by r.name, g.pool_id)::text, '[]')
      from role_grant g
      join role r on r.name = g.role
     where g.user_id = person
$$;

-- Where things stand, and roles given there.
create table site (
    site_id      uuid primary key,
    name         text not null constraint site_name_ck check (name = btrim(name) and length(name) between 1 and 80),
    description  text not null default '' constraint site_description_ck check (length(description) <= 500),
    created_at   timestamptz not null default now()
);
create unique index site_name_uq on site (lower(name));
comment on table site is 'site is a table where each row is one location of hosts and pools: a server room, a building, the copy in a cloud.';

alter table host add column site_id uuid references site;          -- null: of no site
alter table pool add column site_id uuid references site;
create index host_site_ix on host (site_id) where site_id is not null;
create index pool_site_ix on pool (site_id) where site_id is not null;

-- INVARIANT: a pool of a site names hosts of that site only, so placement, which takes a pool's hosts from pool_host, needs to know of no
-- site. What is adopted from a host counts as named. Each of the statements that could break it locks the row it does not change, so that
-- of two at once the second sees what the first did.
create function keep_pool_at_its_site() returns trigger language plpgsql as $$
declare
    _wrong text;
begin
    if tg_table_name = 'pool' then
        perform from host where host_id in (select ph.host_id from pool_host ph where ph.pool_id = new.pool_id
                                             union select m.host_id from machine m where m.pool_id = new.pool_id and m.manual) order by host_id for share;
    else
        perform from pool where pool_id = new.pool_id for share;
        perform from host where host_id = new.host_id for share;
    end if;
    select h.name || coalesce(' (' || s.name || ')', '') into _wrong
      from pool p
      join (select pool_id, host_id from pool_host where pool_id = new.pool_id union select pool_id, host_id from machine where pool_id = new.pool_id and manual) n using (pool_id)
      join host h using (host_id) left join site s on s.site_id = h.site_id
     where p.site_id is distinct from h.site_id and p.site_id is not null
     order by h.name limit 1;
    if _wrong is not null then
        raise exception using errcode = 'check_violation', constraint = 'pool_host_site_ck', message = _wrong;
    end if;
    return null;
end $$;

create function keep_host_at_its_site() returns trigger language plpgsql as $$
declare
    _wrong text;
begin
    select format('%s (%s)', p.name, s.name) into _wrong
      from (select pool_id from pool_host where host_id = new.host_id union select pool_id from machine where host_id = new.host_id and manual) n
      join pool p using (pool_id) join site s on s.site_id = p.site_id
     where p.site_id is distinct from new.site_id
     order by p.name limit 1;
    if _wrong is not null then
        raise exception using errcode = 'check_violation', constraint = 'pool_host_site_ck', message = _wrong;
    end if;
    return null;
end $$;
create trigger pool_host_at_site after insert on pool_host for each row execute function keep_pool_at_its_site();
create trigger pool_at_site after update of site_id on pool for each row when (new.site_id is distinct from old.site_id) execute function keep_pool_at_its_site();
create trigger host_at_site after update of site_id on host for each row when (new.site_id is distinct from old.site_id) execute function keep_host_at_its_site();
create trigger adopted_at_site after insert on machine for each row when (new.manual and new.host_id is not null) execute function keep_pool_at_its_site();

-- Machines and sessions are shown with the site of their pool.
create function ring_at_site() returns trigger language plpgsql as $$
begin
    insert into change (kind, object_id)
    select 'machine', m.machine_id from machine m where m.pool_id = new.pool_id
     union all
    select 'session', s.session_id from session s where s.pool_id = new.pool_id and s.state <> 'ended';
    return null;
end $$;
create trigger pool_site_rings after update of site_id on pool for each row when (new.site_id is distinct from old.site_id) execute function ring_at_site();

create function ring_pools_of_site() returns trigger language plpgsql as $$
begin
    insert into change (kind, object_id)
    select 'pool', p.pool_id from pool p where p.site_id = new.site_id
     union all
    select 'machine', m.machine_id from machine m join pool p using (pool_id) where p.site_id = new.site_id
     union all
    select 'session', s.session_id from session s join pool p using (pool_id) where p.site_id = new.site_id and s.state <> 'ended';
    return null;
end $$;
create trigger site_name_rings after update of name on site for each row when (new.name <> old.name) execute function ring_pools_of_site();

alter table role_grant add column scope_site_id uuid references site;
alter table role_grant drop constraint role_grant_scope_ck;
alter table role_grant add constraint role_grant_scope_ck check (num_nonnulls(pool_id, scope_group_id, scope_site_id) <= 1);
drop index role_grant_uq;
create unique index role_grant_uq on role_grant (user_id, group_id, role, pool_id, scope_group_id, scope_site_id) nulls not distinct;
create index role_grant_scope_site_ix on role_grant (scope_site_id) where scope_site_id is not null;
comment on table role_grant is 'role_grant is a table where each row gives somebody a role, for everything, for one pool, for one site or for the people of one group.';

alter table api_key add column scope_site_id uuid references site on delete cascade;   -- one that works keeps the site; see SiteStore
alter table api_key drop constraint api_key_scope_ck;
alter table api_key add constraint api_key_scope_ck check (num_nonnulls(pool_id, scope_group_id, scope_site_id) <= 1);
create index api_key_scope_site_ix on api_key (scope_site_id) where scope_site_id is not null;

create or replace view held_role as
    select role_grant_id, user_id, role, pool_id, scope_group_id, scope_site_id from role_grant where user_id is not null
     union all
    select g.role_grant_id, m.user_id, g.role, g.pool_id, g.scope_group_id, g.scope_site_id from role_grant g join group_member m using (group_id);

-- What a scope is now: [pool or group or site or null, null or "people" or "site", hosts of the site]. A site is itself and its pools, so
-- that whatever knows pools knows sites; its hosts stand there for the text to be another one when one of them comes or goes, as rights
-- that changed end a watch. A broker from before reads the pools and takes the site for a pool that does not exist.
create function scope_now(pool uuid, people uuid, site uuid) returns setof jsonb language sql stable as $$
    select case when site is null then jsonb_build_array(coalesce(pool, people), case when people is not null then 'people' end)
                else jsonb_build_array(site, 'site', (select coalesce(jsonb_agg(h.host_id order by h.host_id), '[]') from host h where h.site_id = site)) end
     union all
    select jsonb_build_array(p.pool_id, null::text) from pool p where p.site_id = site
$$;

create or replace function rights_of(person uuid) returns text language sql stable as $$
    select coalesce(jsonb_agg(distinct jsonb_build_array(r.name, case when r.built_in then null else r.permissions end) || s.place)::text, '[]')
      from held_role h
      join role r on r.name = h.role
      cross join lateral scope_now(h.pool_id, h.scope_group_id, h.scope_site_id) as s (place)
     where h.user_id = person
$$;

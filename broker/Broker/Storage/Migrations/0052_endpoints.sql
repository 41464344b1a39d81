-- Endpoints are named by the networks that they are in, and roles are given over what is used from there.
create table endpoint_group (
    endpoint_group_id  uuid primary key,
    name               text not null constraint endpoint_group_name_ck check (name = btrim(name) and length(name) between 1 and 80),
    description        text not null default '' constraint endpoint_group_description_ck check (length(description) <= 500),
    networks           cidr[] not null constraint endpoint_group_networks_ck check (cardinality(networks) between 1 and 32 and array_position(networks, null) is null),
    created_at         timestamptz not null default now()
);
create unique index endpoint_group_name_uq on endpoint_group (lower(name));
comment on table endpoint_group is 'endpoint_group is a table where each row is the endpoints in some networks: a floor, a school, the desks of a counter.';

-- What a gateway wrote of its client's address; null when it is none. A client of a door for both families is written in the longer one.
create function inet_of(address text) returns inet language plpgsql immutable strict as $$
begin
    return replace(split_part(lower(address), '%', 1), '::ffff:', case when address like '%.%' then '' else '::ffff:' end)::inet;
exception when invalid_text_representation then
    return null;
end $$;

alter table role_grant add column scope_endpoint_group_id uuid references endpoint_group;
alter table role_grant drop constraint role_grant_scope_ck;
alter table role_grant add constraint role_grant_scope_ck check (num_nonnulls(pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id) <= 1);
drop index role_grant_uq;
create unique index role_grant_uq on role_grant (user_id, group_id, role, pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id) nulls not distinct;
create index role_grant_scope_endpoints_ix on role_grant (scope_endpoint_group_id) where scope_endpoint_group_id is not null;
comment on table role_grant is 'role_grant is a table where each row gives somebody a role, for everything, for one pool, for one site, for the people of one group or for some endpoints.';

alter table api_key add column scope_endpoint_group_id uuid references endpoint_group on delete cascade;
alter table api_key drop constraint api_key_scope_ck;
alter table api_key add constraint api_key_scope_ck check (num_nonnulls(pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id) <= 1);
create index api_key_scope_endpoints_ix on api_key (scope_endpoint_group_id) where scope_endpoint_group_id is not null;

create or replace view held_role as
    select role_grant_id, user_id, role, pool_id, scope_group_id, scope_site_id, scope_endpoint_group_id from role_grant where user_id is not null
     union all
    select g.role_grant_id, m.user_id, g.role, g.pool_id, g.scope_group_id, g.scope_site_id, g.scope_endpoint_group_id from role_grant g join group_member m using (group_id);

-- As before, and endpoints with their networks: rights that changed end a watch.
create function scope_now(pool uuid, people uuid, site uuid, endpoints uuid) returns setof jsonb language sql stable as $$
    select jsonb_build_array(endpoints, 'endpoints', (select to_jsonb(e.networks) from endpoint_group e where e.endpoint_group_id = endpoints)) where endpoints is not null
     union all
    select s.place from scope_now(pool, people, site) as s (place) where endpoints is null
$$;

create or replace function rights_of(person uuid) returns text language sql stable as $$
    select coalesce(jsonb_agg(distinct jsonb_build_array(r.name, case when r.built_in then null else r.permissions end) || s.place)::text, '[]')
      from held_role h
      join role r on r.name = h.role
      cross join lateral scope_now(h.pool_id, h.scope_group_id, h.scope_site_id, h.scope_endpoint_group_id) as s (place)
     where h.user_id = person
$$;

-- Whoever watches by endpoints sees a machine come and go with the session that is used from there.
create or replace function ring_machine_of_session() returns trigger language plpgsql as $$
begin
    if exists (select from role_grant where scope_group_id is not null or scope_endpoint_group_id is not null) or exists (select from api_key where scope_group_id is not null or scope_endpoint_group_id is not null) then
        insert into change (kind, object_id)
        select 'machine', new.machine_id union all select 'task', task_id from task where object_id = new.machine_id and (ended_at is null or ended_at > now() - interval '7 days');
    end if;
    return null;
end $$;

create function ring_machine_of_connection() returns trigger language plpgsql as $$
begin
    if exists (select from role_grant where scope_endpoint_group_id is not null) or exists (select from api_key where scope_endpoint_group_id is not null) then
        insert into change (kind, object_id)
        select c.kind, c.object_id
          from session s
          cross join lateral (select 'machine' as kind, s.machine_id as object_id
                               union all
                              select 'task', t.task_id from task t where t.object_id = s.machine_id and (t.ended_at is null or t.ended_at > now() - interval '7 days')) c
         where s.session_id = new.session_id and s.state <> 'ended';
    end if;
    return null;
end $$;
create trigger connection_began_rings after insert on connection for each row execute function ring_machine_of_connection();
create trigger connection_moved_rings after update of client_address on connection for each row when (new.client_address <> old.client_address) execute function ring_machine_of_connection();

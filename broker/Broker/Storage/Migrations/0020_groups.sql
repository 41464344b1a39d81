-- Groups of people. Membership is flat: what is nested elsewhere is flattened before it comes here, so that a launch asks by index only.
create table app_group (
    group_id       uuid primary key,
    name           text not null constraint app_group_name_ck check (length(name) between 1 and 256),
    description    text not null default '',
    most_sessions  integer constraint app_group_most_sessions_ck check (most_sessions between 1 and 100000),   -- of all members together; null: any number
    created_at     timestamptz not null default now()
);
comment on table app_group is 'app_group is a table where each row is a set of people who have the same rights.';
create unique index app_group_name_uq on app_group (lower(name));

create table group_member (
    user_id   uuid not null references app_user on delete cascade,
    group_id  uuid not null references app_group on delete cascade,
    since     timestamptz not null default now(),
    primary key (user_id, group_id)
);
create index group_member_group_ix on group_member (group_id);

create table group_entitlement (
    pool_id     uuid not null references pool on delete cascade,
    group_id    uuid not null references app_group on delete cascade,
    granted_at  timestamptz not null default now(),
    primary key (pool_id, group_id)
);
create index group_entitlement_group_ix on group_entitlement (group_id);

-- Who has the right to a pool, by himself or by a group; a person may appear more than once. Everything that asks for a right asks here.
create view entitled_person as
    select pool_id, user_id from entitlement
     union all
    select e.pool_id, m.user_id from group_entitlement e join group_member m using (group_id);
comment on view entitled_person is 'entitled_person is a view where each row is one reason why a person has the right to a pool.';

-- INVARIANT: one seat of a group is one open session's at a time. Two launches at once cannot both take the last one.
create table group_seat (
    group_id    uuid not null references app_group on delete cascade,
    seat        integer not null check (seat >= 0),
    session_id  uuid not null references session on delete cascade,
    primary key (group_id, seat)
);
create index group_seat_session_ix on group_seat (session_id);
comment on table group_seat is 'group_seat is a table where each row is one open session that counts against the limit of a group.';

create function free_group_seats() returns trigger language plpgsql as $$
begin
    delete from group_seat where session_id = new.session_id;
    return null;
end $$;
create trigger session_frees_group_seats after update of state on session for each row when (new.state = 'ended' and old.state <> 'ended') execute function free_group_seats();

-- What becomes of the open session of somebody who has lost the right to the pool.
alter table pool add column right_lost text not null default 'disconnect' constraint pool_right_lost_ck check (right_lost in ('keep', 'disconnect', 'log_off'));

-- What a person reads at log-on and on the portal, and how the portal offers to connect first.
alter table pool add column message_of_the_day text not null default '' constraint pool_message_of_the_day_ck check (length(message_of_the_day) <= 500);
alter table pool add column way_in text not null default 'client' constraint pool_way_in_ck check (way_in in ('client', 'browser'));
alter table session add column greeted_at timestamptz;                -- when the message was shown on its desktop
create index session_to_greet_ix on session (logged_on_at) where state = 'active' and greeted_at is null;

-- Most sessions that may be open at once: of a pool, of every person, and of one person in particular; null: any number.
alter table pool add column most_sessions integer constraint pool_most_sessions_ck check (most_sessions between 1 and 100000);
alter table app_user add column most_sessions integer constraint app_user_most_sessions_ck check (most_sessions between 0 and 1000);
create table installation (
    only_one                boolean primary key default true constraint installation_only_one_ck check (only_one),
    most_sessions_per_user  integer constraint installation_most_sessions_ck check (most_sessions_per_user between 1 and 1000)
);
comment on table installation is 'installation is a table where the one row holds what holds for everybody.';
insert into installation default values;

-- A seat below the limit, taken by one open session: two launches at once cannot both take the last one.
alter table session add column user_seat integer;
alter table session add column pool_seat integer;
create unique index session_user_seat_uq on session (user_id, user_seat) where state <> 'ended';
create unique index session_pool_seat_uq on session (pool_id, pool_seat) where state <> 'ended';

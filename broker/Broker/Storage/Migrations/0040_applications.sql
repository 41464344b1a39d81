-- Programs that people open by themselves, each in a session of its pool (ADR 55).
create table application (
    application_id  uuid primary key,
    pool_id         uuid not null references pool on delete cascade,
    name            text not null constraint application_name_ck check (length(name) between 1 and 80),
    description     text not null default '' constraint application_description_ck check (length(description) <= 200),
    program         text not null constraint application_program_ck check (length(program) between 1 and 180),
    arguments       text not null default '',
    narrowed        boolean not null default false,                -- true: members of its groups only; when those are deleted, nobody
    created_at      timestamptz not null default now(),
    constraint application_command_ck check (length(program) + length(arguments) <= 180)   -- a Client Info has no room for more
);
comment on table application is 'application is a table where each row is a program that people open by itself, in a session of its pool.';
create unique index application_name_uq on application (pool_id, lower(name));

create table application_group (
    application_id  uuid not null references application on delete cascade,
    group_id        uuid not null references app_group on delete cascade,
    primary key (application_id, group_id)
);
create index application_group_group_ix on application_group (group_id);
comment on table application_group is 'application_group is a table where each row is a group whose members may open a narrowed application.';

create table application_favourite (
    user_id         uuid not null references app_user on delete cascade,
    application_id  uuid not null references application on delete cascade,
    primary key (user_id, application_id)
);
create index application_favourite_application_ix on application_favourite (application_id);
comment on table application_favourite is 'application_favourite is a table where each row is an application that a person wants to see first.';

-- INVARIANT: what a session runs is decided when it is opened and does not change. No foreign key: history outlives applications.
alter table session add column application_id uuid;                    -- null: the whole desktop
alter table session add column application_name text not null default '';
alter table session add column program text;
alter table session add column arguments text;
alter table session add constraint session_program_ck check ((application_id is null) = (program is null));
create index session_application_ix on session (application_id) where application_id is not null and state <> 'ended';

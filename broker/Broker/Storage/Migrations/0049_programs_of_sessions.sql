-- Published applications of one pool run side by side in one session (ADR 55).
alter table machine_agent add column starts_programs boolean not null default false;    -- as its hello says

create table session_program (
    session_id      uuid not null references session on delete cascade,
    application_id  uuid not null,                                  -- no foreign key: history outlives applications
    name            text not null,
    program         text not null,
    arguments       text not null,
    launch_id       uuid not null,                                  -- the newest that asked for it; an order repeated under it starts nothing again
    asked_at        timestamptz not null default now(),
    due             boolean not null,                               -- the agent is still to start it
    started_at      timestamptz,                                    -- the first time
    ended_at        timestamptz,                                    -- set while it does not run, and nobody has asked for it again
    primary key (session_id, application_id)
);
comment on table session_program is 'session_program is a table where each row is a published application that was opened in one session, the one that it was opened with included.';
create index session_program_due_ix on session_program (session_id) where due and ended_at is null;
create index session_program_application_ix on session_program (application_id);

-- INVARIANT: session.application_id is what the session was opened with, and does not change.
insert into session_program (session_id, application_id, name, program, arguments, launch_id, asked_at, due, started_at, ended_at)
     select session_id, application_id, application_name, program, arguments, request_id, started_at, false, started_at, ended_at
       from session
      where application_id is not null;

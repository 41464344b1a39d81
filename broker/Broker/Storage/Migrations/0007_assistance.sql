-- An administrator asks to look at, or control, a desktop that is open in a browser.
alter table connection add column in_browser boolean not null default false;
alter table gateway add column portal_address text not null default '';   -- where administrators' browsers reach its pages

create table assistance (
    assistance_id      uuid primary key,
    session_id         uuid not null references session on delete cascade,
    connection_id      uuid not null references connection on delete cascade,
    gateway_id         uuid not null references gateway,
    administrator_id   uuid not null references app_user on delete cascade,
    administrator      text not null,
    shown_name         text not null,                              -- as the person on screen reads it
    sign_in_sha256     bytea not null check (length(sign_in_sha256) = 32),   -- the assistance ends with this sign-in
    control            boolean not null,
    reason             text not null check (length(reason) between 3 and 200),
    state              text not null check (state in ('asked', 'granted', 'watching', 'ended', 'denied', 'expired')),
    state_until        timestamptz check ((state_until is not null) = (state in ('asked', 'granted'))),
    asked_at           timestamptz not null default now(),
    answered_at        timestamptz,
    began_at           timestamptz,
    ended_at           timestamptz check ((ended_at is not null) = (state in ('ended', 'denied', 'expired'))),
    end_reason         text,
    ticket_sha256      bytea check (length(ticket_sha256) = 32),
    ticket_expires_at  timestamptz,
    ticket_used_at     timestamptz
) with (fillfactor = 85);
comment on table assistance is 'assistance is a table where each row is one administrator''s question to look at a session, and what came of it.';
create unique index assistance_one_open_per_session_uq on assistance (session_id) where state in ('asked', 'granted', 'watching');
create unique index assistance_ticket_uq on assistance (ticket_sha256) where ticket_sha256 is not null;
create index assistance_session_ix on assistance (session_id, asked_at desc);
create index assistance_open_ix on assistance (gateway_id) where state in ('asked', 'granted', 'watching');

create trigger assistance_inserted after insert on assistance referencing new table as new_rows for each statement execute function record_change('assistance', 'assistance_id');
create trigger assistance_updated after update on assistance referencing new table as new_rows for each statement execute function record_change('assistance', 'assistance_id');
create trigger assistance_session_inserted after insert on assistance referencing new table as new_rows for each statement execute function record_change('session', 'session_id');
create trigger assistance_session_updated after update on assistance referencing new table as new_rows for each statement execute function record_change('session', 'session_id');
